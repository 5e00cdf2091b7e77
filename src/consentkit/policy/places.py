"""Which places `regimes.map` can name: countries (ISO 3166-1), US states, other subdivisions by form."""

from __future__ import annotations

from consentkit.policy.suggest import nearest
from consentkit.regimes import is_place


def _codes(listed: str) -> list[str]:
    return listed.split()


_COUNTRIES = frozenset(
    _codes(
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
        "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
        "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
        "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
        "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
        "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
        "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
        "VN VU WF WS XK YE YT ZA ZM ZW "
    )
)
_US_STATES = frozenset(
    _codes(
        "AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT "
        "NC ND NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UM UT VA VI VT WA WI WV WY "
    )
)
#: Codes people write that no proxy ever sends.
_MISTAKEN = {
    "UK": "GB",
    "EL": "GR",
    "EN": "GB",
    "USA": "US",
    "GBR": "GB",
    "CALIFORNIA": "US-CA",
    "QUEBEC": "CA-QC",
}


def place_fault(name: str) -> str | None:
    """What is wrong with `name` as a key of `regimes.map`, or None."""
    if is_place(name) and _exists(name):
        return None
    meant = _meant(name)
    hint = f" Did you mean {meant!r}?" if meant else ""
    return (
        f"is no place; write a country (GB), a country and subdivision (US-CA), EU, EEA or default, by ISO 3166.{hint}"
    )


def _exists(name: str) -> bool:
    if name in {"EU", "EEA", "default"}:
        return True
    country, _, part = name.partition("-")
    return country in _COUNTRIES and (country != "US" or not part or part in _US_STATES)


def _meant(name: str) -> str | None:
    usual = name.upper().replace("_", "-").replace("/", "-")
    if usual in _MISTAKEN:
        return _MISTAKEN[usual]
    if is_place(usual) and _exists(usual):
        return usual
    if f"US-{usual}" == f"US-{usual[:2]}" and usual in _US_STATES:
        return f"US-{usual}"
    return nearest(name, ("default", "EEA", "EU"))
