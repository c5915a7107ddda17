"""The commands on tables of time series, ``train``, ``forecast`` and ``evaluate``, and the command ``benchmark``."""
