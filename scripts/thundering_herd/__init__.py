"""Ten thousand clients lose their server: when do they come back?"""
