"""The rooms of `fastsgd.check`: how it decides."""
