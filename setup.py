"Build fastsgd from settings.ini, the one place for its name, version, dependencies and commands"
import json
import re
from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

config = ConfigParser(delimiters=['='])
config.read('settings.ini', encoding='utf-8')
cfg = config['DEFAULT']


def from_anywhere(readme):
    "The README with whole addresses: on a package index, no files lie beside it"
    def whole(m):
        pages, raw = f"{cfg['git_url']}/blob", cfg['git_url'].replace('//github.com', '//raw.githubusercontent.com')
        return f"{m[1]}[{m[2]}]({raw if m[1] else pages}/{cfg['branch']}/{m[3]})"
    return re.sub(r'(!?)\[([^]]*)\]\((?!https?:|#)([^)]+)\)', whole, readme)


def without_outputs(notebook):
    nb = json.loads(notebook.read_text(encoding='utf-8'))
    for cell in nb['cells']:
        if cell['cell_type'] == 'code': cell['outputs'] = []
    return json.dumps(nb, indent=1, ensure_ascii=False) + '\n'


class BuildWithChapters(build_py):
    "The package with the chapters in it: `fastsgd_course` writes them into a folder"
    def run(self):
        super().run()
        if getattr(self, 'editable_mode', False): return  # the notebooks stand beside the package
        nbs, chapters = Path(cfg['nbs_path']), Path(self.build_lib, cfg['lib_path'], 'chapters')
        chapters.mkdir(parents=True, exist_ok=True)
        for pattern in '[0-7]*.ipynb', 'index.ipynb', 'numbers.ipynb', 'glossary.ipynb':
            for file in nbs.glob(pattern): (chapters/file.name).write_text(without_outputs(file), encoding='utf-8')
        for file in nbs.glob('*.json'): (chapters/file.name).write_bytes(file.read_bytes())  # what pages measured


setup(
    name=cfg['lib_name'],
    version=cfg['version'],
    description=cfg['description'],
    long_description=from_anywhere(Path('README.md').read_text(encoding='utf-8')),
    long_description_content_type='text/markdown',
    author=cfg['author'],
    author_email=cfg['author_email'],
    license='Apache-2.0',
    license_files=['LICENSE'],
    keywords=cfg['keywords'],
    classifiers=['Development Status :: 3 - Alpha', 'Intended Audience :: Education',
                 'Programming Language :: Python :: 3', 'Typing :: Typed'],
    packages=find_packages(include=[cfg['lib_path'], f"{cfg['lib_path']}.*"]),
    package_data={cfg['lib_path']: ['js/*', 'web/*', '*.mplstyle', 'py.typed']},
    cmdclass=dict(build_py=BuildWithChapters),
    python_requires=f">={cfg['min_python']}",
    install_requires=cfg['requirements'].split(),
    extras_require={extra: cfg[f'{extra}_requirements'].split()
                    for extra in ('dev', 'ladder', 'learn', 'scale', 'serve')},
    entry_points={'console_scripts': cfg['console_scripts'].split(),
                  'nbdev': [f"{cfg['lib_path']}={cfg['lib_path']}._modidx:d"]},
    zip_safe=False,
)
