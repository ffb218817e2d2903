"""The page: any results as one HTML file that works offline, with charts that know of one another."""
