# -*- coding: utf-8 -*-
"""The corridor gateway: transit data between customs administrations, without a hub."""
