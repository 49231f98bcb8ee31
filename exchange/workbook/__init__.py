"""Reads the inside of XLSX files: the unpacking process, sheet XML, number formats.

The process imports no other package of this project, so that it starts fast.
"""
