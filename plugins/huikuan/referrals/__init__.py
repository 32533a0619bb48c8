"""Referrals: proposed sanctions are put before people, and what they refer to lawyers leaves as a packet.

``packet`` builds the legal packet (移交法务材料) of an account: one PDF to read and one zip with the data behind it.
"""
