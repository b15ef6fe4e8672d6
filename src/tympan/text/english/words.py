"""Tables of English: abbreviations, units, months, money."""

from __future__ import annotations

from tympan.text.listing import listing
from tympan.text.segment import Abbreviations

MONTHS = listing(
    "january february march april may june july august september october november december"
)
MONTH_SHORT = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9,
    "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
DAY_SHORT = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday",
    "thur": "thursday", "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday",
}  # fmt: skip

# With their full stop; `st` is decided by what stands around it.
ABBREVIATIONS = {
    "mr": "mister", "mrs": "missus", "ms": "miz", "dr": "doctor", "prof": "professor",
    "rev": "reverend", "hon": "honorable", "gen": "general", "col": "colonel", "capt": "captain",
    "lt": "lieutenant", "sgt": "sergeant", "cpl": "corporal", "maj": "major", "adm": "admiral",
    "cmdr": "commander", "gov": "governor", "sen": "senator", "rep": "representative",
    "pres": "president", "fr": "father", "jr": "junior", "sr": "senior", "esq": "esquire",
    "vs": "versus", "etc": "et cetera", "approx": "approximately", "dept": "department",
    "est": "established", "inc": "incorporated", "ltd": "limited", "corp": "corporation",
    "co": "company", "bros": "brothers", "ave": "avenue", "blvd": "boulevard", "rd": "road",
    "mt": "mount", "ft": "fort", "fig": "figure", "figs": "figures", "vol": "volume",
    "vols": "volumes", "ch": "chapter", "sec": "section", "eq": "equation", "ed": "edition",
    "pp": "pages", "p": "page", "nos": "numbers", "no": "number", "dist": "district",
    "assn": "association", "univ": "university", "govt": "government", "tel": "telephone",
    "ext": "extension", "misc": "miscellaneous", "max": "maximum", "min": "minimum",
    "avg": "average", "al": "al", "ca": "circa", "cf": "compare", "viz": "namely",
    "messrs": "messrs", "apt": "apartment", "bldg": "building", "rm": "room", "ste": "suite",
    "hwy": "highway", "pkwy": "parkway", "mfg": "manufacturing",
    "intl": "international", "incl": "including",
    "jan": "January", "feb": "February", "apr": "April", "jun": "June", "jul": "July",
    "aug": "August", "sep": "September", "sept": "September", "oct": "October", "nov": "November",
    "dec": "December", "mme": "madame", "mlle": "mademoiselle", "msgr": "monsignor", "st": "saint",
}  # fmt: skip
# Read so without a full stop as well.
BARE = {
    "mr",
    "mrs",
    "ms",
    "dr",
    "prof",
    "vs",
    "etc",
    "jr",
    "sr",
    "messrs",
    "mme",
    "mlle",
    "sgt",
    "capt",
}
# Of these only with a full stop and a number or a name after it.
BEFORE_NUMBER = {
    "no",
    "nos",
    "fig",
    "figs",
    "vol",
    "vols",
    "ch",
    "sec",
    "eq",
    "p",
    "pp",
    "ext",
    "ed",
}
DOTTED = {
    "e.g": "for example", "i.e": "that is", "a.m": "A M", "p.m": "P M", "ph.d": "P H D",
    "a.k.a": "A K A", "r.i.p": "R I P", "q.e.d": "Q E D", "p.s": "P S", "b.c": "B C", "a.d": "A D",
    "b.c.e": "B C E", "c.e": "C E", "n.b": "N B", "o.k": "okay",
}  # fmt: skip

# *at 5 p.m. Friday*; not *May* and *March*, which begin sentences.
_AFTER_HOUR = frozenset(
    (
        *(
            name.capitalize()
            for name in (*MONTHS, *DAY_SHORT.values())
            if name not in ("may", "march")
        ),
        *listing("EST EDT CST CDT MST MDT PST PDT GMT UTC CET BST ET PT CT"),
    )
)
# *the U.S. Army*
_AFTER_STATES = frozenset(
    listing(
        "Army Navy Air Marine Marines Coast Government Congress Senate House President "
        "Department Dollar Dollars Treasury Supreme Constitution Census Customs Economy "
        "Embassy Ambassador Attorney Citizen Citizens Congressman Congresswoman Senator "
        "State States Territory Troops Soldiers Open Postal"
    )
)
SENTENCE = Abbreviations(
    never=frozenset(
        listing(
            "mr mrs ms dr prof rev hon gen col capt lt sgt cpl maj adm cmdr gov sen rep pres st "
            "incl vs fig figs vol vols no nos pp ste approx ca cf viz messrs mme mlle msgr mt "
            "ft e.g i.e eq al ext jan feb mar apr jun jul aug sep sept oct nov dec"
        )
    )
    - {"no", "al", "mar"},
    seldom=frozenset(
        listing(
            "etc min sec hrs lbs inc ltd corp co bros jr sr esq ave blvd rd dept est assn univ "
            "u.s u.k u.s.a a.m p.m ph.d b.c a.d d.c"
        )
    ),
    followers=dict.fromkeys(("a.m", "p.m"), _AFTER_HOUR)
    | {
        "u.s": _AFTER_STATES,
        "u.k": frozenset(listing("Parliament Government Prime Treasury Supreme")),
    },
    numbered=frozenset(
        listing(
            "mon tue tues Wed thu thur thurs fri Sat Sun max min est mar apt bldg rm hwy no nos "
            "p pp sec ch fig figs vol vols eq ed ext"
        )
    ),
)

# Singular and plural.
UNITS: dict[str, tuple[str, str]] = {
    name: (long, plural or long + "s")
    for name, long, plural in (
        ("km", "kilometer", ""), ("m", "meter", ""), ("cm", "centimeter", ""),
        ("mm", "millimeter", ""), ("µm", "micrometer", ""), ("um", "micrometer", ""),
        ("nm", "nanometer", ""), ("mi", "mile", ""), ("ft", "foot", "feet"),
        ("in", "inch", "inches"), ("yd", "yard", ""), ("kg", "kilogram", ""), ("g", "gram", ""),
        ("mg", "milligram", ""), ("µg", "microgram", ""), ("lb", "pound", ""), ("lbs", "pound", ""),
        ("oz", "ounce", ""), ("t", "ton", ""), ("l", "liter", ""), ("L", "liter", ""),
        ("ml", "milliliter", ""), ("mL", "milliliter", ""), ("cl", "centiliter", ""),
        ("gal", "gallon", ""), ("s", "second", ""), ("sec", "second", ""),
        ("ms", "millisecond", ""),
        ("µs", "microsecond", ""), ("ns", "nanosecond", ""), ("min", "minute", ""),
        ("h", "hour", ""), ("hr", "hour", ""), ("hrs", "hour", ""), ("Hz", "hertz", "hertz"),
        ("kHz", "kilohertz", "kilohertz"), ("MHz", "megahertz", "megahertz"),
        ("GHz", "gigahertz", "gigahertz"), ("THz", "terahertz", "terahertz"),
        ("W", "watt", ""), ("kW", "kilowatt", ""), ("MW", "megawatt", ""), ("GW", "gigawatt", ""),
        ("kWh", "kilowatt hour", ""), ("MWh", "megawatt hour", ""), ("V", "volt", ""),
        ("kV", "kilovolt", ""), ("mV", "millivolt", ""), ("A", "amp", ""), ("mA", "milliamp", ""),
        ("mAh", "milliamp hour", ""), ("Ω", "ohm", ""), ("kΩ", "kiloohm", ""), ("J", "joule", ""),
        ("kJ", "kilojoule", ""), ("cal", "calorie", ""), ("kcal", "kilocalorie", ""),
        ("N", "newton", ""), ("Pa", "pascal", ""), ("kPa", "kilopascal", ""),
        ("hPa", "hectopascal", ""), ("bar", "bar", ""), ("psi", "P S I", "P S I"),
        ("dB", "decibel", ""), ("B", "byte", ""), ("kB", "kilobyte", ""), ("KB", "kilobyte", ""),
        ("MB", "megabyte", ""), ("GB", "gigabyte", ""), ("TB", "terabyte", ""),
        ("PB", "petabyte", ""), ("kbit", "kilobit", ""), ("Mbit", "megabit", ""),
        ("Gbit", "gigabit", ""), ("kbps", "kilobit per second", "kilobits per second"),
        ("Mbps", "megabit per second", "megabits per second"),
        ("Gbps", "gigabit per second", "gigabits per second"),
        ("bps", "bit per second", "bits per second"),
        ("mph", "mile per hour", "miles per hour"),
        ("kph", "kilometer per hour", "kilometers per hour"),
        ("kmh", "kilometer per hour", "kilometers per hour"),
        ("rpm", "revolution per minute", "revolutions per minute"),
        ("fps", "frame per second", "frames per second"),
        ("bpm", "beat per minute", "beats per minute"),
        ("ha", "hectare", ""), ("px", "pixel", ""), ("pt", "point", ""), ("dpi", "D P I", "D P I"),
        ("MP", "megapixel", ""), ("K", "kelvin", "kelvin"), ("mol", "mole", ""),
        ("lm", "lumen", ""),
        ("lx", "lux", "lux"), ("yrs", "year", ""), ("yr", "year", ""), ("wk", "week", ""),
        ("kt", "knot", ""), ("kts", "knot", ""),
        ("mins", "minute", ""), ("secs", "second", ""), ("mos", "month", ""), ("wks", "week", ""),
        ("sq ft", "square foot", "square feet"), ("sq. ft", "square foot", "square feet"),
        ("sq m", "square meter", ""), ("sq km", "square kilometer", ""),
        ("sq. km", "square kilometer", ""), ("sq mi", "square mile", ""),
        ("sq. mi", "square mile", ""), ("cu ft", "cubic foot", "cubic feet"),
        ("fl oz", "fluid ounce", ""), ("fl. oz", "fluid ounce", ""), ("tsp", "teaspoon", ""),
        ("tbsp", "tablespoon", ""), ("mpg", "mile per gallon", "miles per gallon"),
        ("pct", "percent", "percent"),
    )
}  # fmt: skip
# Only after a number and a space would these read words of the language as units.
TIGHT = frozenset(
    {"in", "m", "s", "A", "B", "K", "N", "h", "t", "J", "V", "W", "pt", "MP", "g", "l", "L"}
)

MONEY = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("dollar", "dollars", "cent", "cents"),
    "C$": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "A$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "CHF": ("Swiss franc", "Swiss francs", "", ""),
    "JPY": ("yen", "yen", "", ""),
}
SCALES = {
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million",
    "mio": "million", "b": "billion", "B": "billion", "bn": "billion", "t": "trillion",
    "tn": "trillion", "T": "trillion", "thousand": "thousand", "million": "million",
    "billion": "billion", "trillion": "trillion",
}  # fmt: skip
FRACTIONS = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
SIGNS = {
    "&": "and", "+": "plus", "=": "equals", "%": "percent", "@": "at", "×": "times",
    "÷": "divided by", "±": "plus or minus", "≈": "approximately equals", "≤": "at most",
    "≥": "at least", "≠": "does not equal", "∞": "infinity", "√": "square root of",
    "§": "section", "©": "copyright", "°": "degrees", "‰": "per mille", "−": "minus",
    "¢": "cents", "£": "pounds", "€": "euros", "$": "dollars", "¥": "yen", "₹": "rupees",
    "²": "squared", "³": "cubed", "µ": "micro",
}  # fmt: skip
# Inside addresses.
ADDRESS_SIGNS = {
    ".": "dot", "/": "slash", "@": "at", "-": "dash", "_": "underscore", ":": "colon",
    "?": "question mark", "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus",
    "~": "tilde", "\\": "backslash",
}  # fmt: skip
CHAPTERS = frozenset(
    listing(
        "chapter part volume book act scene section war appendix phase title article canto figure "
        "table stage level type class grade unit vol no psalm sonnet lesson page mark"
    )
)
RULERS = frozenset(
    listing(
        "henry louis george charles james edward william elizabeth richard philip john pius "
        "benedict "
        "leo gregory napoleon alexander catherine frederick nicholas peter ivan mary ferdinand "
        "francis "
        "otto rudolf ramses ramesses ptolemy darius xerxes gustav christian harald olaf haakon "
        "felipe "
        "juan carlos paul urban innocent clement sixtus julius adrian constantine theodosius "
        "justinian "
        "robert david alfonso pedro wilhelm friedrich franz joseph leopold albert baudouin "
        "margaret "
        "margrethe carl karl sigismund boris michael stephen victoria anne malcolm edgar"
    )
)
SPELLED = frozenset(
    listing(
        "US IT WHO ID OS ER PA GI EU UN AI TV PC UK CEO AC DC CD ET MS PR HR PM AM IQ IP LA DA "
        "MO OD "
        "EST SEC MOD MA MI ME OR RE SI TA"
    )
) - {"OR", "ME", "RE"}
ENDS_OF_ADDRESS = "|".join(
    listing(
        "com org net edu gov int io de uk us eu co info ai app dev fr at ch nl it es ru jp cn au "
        "ca me tv"
    )
)
