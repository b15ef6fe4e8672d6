"""One file for each public data set that is read as its authors give it out."""
