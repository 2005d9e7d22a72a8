"""The same product page in the frameworks that a team would pick instead.

They run in a virtual environment of their own, made of `requirements.txt` here.
"""
