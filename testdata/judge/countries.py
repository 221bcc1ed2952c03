"""Spellings of countries, from sources that smelt's own table does not share.

Names: CLDR's English ones (babel), then ISO's common and official ones (pycountry), then the country's name in its own
official languages (babel), then a few usual aliases that neither has. Codes: ISO 3166-1 alpha-2 and alpha-3.
"""

import functools

import babel
import babel.languages
import pycountry

ALIASES = {
    "US": ["USA", "U.S.", "U.S.A.", "United States of America", "The United States", "America"],
    "GB": ["UK", "U.K.", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland"],
    "IE": ["EIRE", "Republic of Ireland"],
    "NL": ["Holland", "The Netherlands"],
    "KR": ["South Korea", "Republic of Korea", "Korea, South"],
    "KP": ["North Korea", "Korea, North"],
    "CZ": ["Czech Republic"],
    "TR": ["Turkey"],
    "AE": ["UAE", "U.A.E."],
    "RU": ["Russian Federation"],
    "CI": ["Ivory Coast"],
    "ZA": ["RSA"],
    "MK": ["Macedonia"],
    "MM": ["Burma", "Myanmar"],
    "CV": ["Cape Verde"],
    "SZ": ["Swaziland"],
    "VA": ["Vatican"],
    "HK": ["Hong Kong"],
    "MO": ["Macau", "Macao"],
    "XK": ["Kosovo"],
}


def spellings():
    """Yield (spelling, name, alpha-2 code), the most trusted spelling of a code first."""
    english = babel.Locale("en").territories
    iso = {c.alpha_2: c for c in pycountry.countries}
    codes = sorted(set(iso) | {"XK"})
    groups = [[], [], [], [], [], []]
    for code in codes:
        groups[0].append((english[code], code))
        groups[1].append((code, code))
        country = iso.get(code)
        if country is not None:
            groups[2].append((country.alpha_3, code))
            for field in ("name", "common_name", "official_name"):
                if hasattr(country, field):
                    groups[3].append((getattr(country, field), code))
        for alias in ALIASES.get(code, []):
            groups[4].append((alias, code))
        for language in babel.languages.get_official_languages(code):
            try:
                name = babel.Locale.parse(language, sep="_").territories.get(code)
            except (babel.UnknownLocaleError, ValueError):
                continue
            if name:
                groups[5].append((name, code))
    for group in groups:
        for text, code in group:
            for variant in {text, text.replace("&", "and"), text.replace("St. ", "Saint ")}:
                yield variant, english[code], code


@functools.cache
def table():
    """Return [(rank, spelling, name, code)] for rules.country_spellings; the lowest rank of a spelling counts."""
    return [(i, *row) for i, row in enumerate(spellings())]
