"""Tables of users as series on a grid of times, and forecasts as tables."""
