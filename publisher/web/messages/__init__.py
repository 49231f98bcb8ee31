"""The words of the pages, Chinese first, English beside."""
