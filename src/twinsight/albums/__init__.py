"""Folders of pictures in; drawings, masks and annotations out."""
