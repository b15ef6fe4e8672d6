"""The libraries that decode sound, behind one face: `tympan.audio._reader.Reader`."""
