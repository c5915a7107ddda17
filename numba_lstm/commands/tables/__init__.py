"""Files of tables, CSV and Parquet, as the tables of a forecaster. What is wrong with a file is one sentence."""
