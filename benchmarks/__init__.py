"""Side-by-side measurements of tympan and its peers; run one with `python -m benchmarks.NAME`."""
