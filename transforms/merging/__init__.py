"""What merging is made of: survivorship, kept values, stand-ins, overrides, statements of categories, dated states.

``transforms.merge`` puts them together into one record per elder. How one source's rows compete among themselves is
``transforms.between``'s.
"""
