"""XLSX files from inside: the process that unpacks them, their XML, their number formats.

The process imports nothing else of ours, so that it starts fast.
"""
