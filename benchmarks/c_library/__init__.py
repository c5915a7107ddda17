"""Nanoseconds a step of LSTM(H) and Dense(1) takes in C programs: ours and those of other libraries."""
