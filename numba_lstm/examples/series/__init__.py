"""Examples with time series: electricity demand, temperatures, stock indices."""
