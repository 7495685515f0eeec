"""Builds the documentation: the written pages of docs/, and a reference made from the code."""
