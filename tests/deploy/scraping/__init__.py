"""The documented ways to scrape: each file, run by the program that it is for."""
