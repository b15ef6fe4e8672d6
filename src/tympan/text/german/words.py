"""Tables of German: abbreviations, units, months, letters."""

from __future__ import annotations

from tympan.text.listing import listing
from tympan.text.segment import Abbreviations

MONTHS = listing(
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
)
MONTH_SHORT = {"jan": 1, "feb": 2, "mär": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9,
               "sept": 9, "okt": 10, "nov": 11, "dez": 12}  # fmt: skip
LETTER_NAMES = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyzäöüß",
        listing(
            "a be ce de e ef ge ha i jot ka el em en o pe ku er es te u vau we ix ypsilon zett ä "
            "ö ü "
            "eszett"
        ),
        strict=True,
    )
)
ABBREVIATIONS = {
    "dr": "Doktor", "prof": "Professor", "hr": "Herr", "fr": "Frau", "nr": "Nummer",
    "str": "Straße", "mio": "Millionen", "mrd": "Milliarden", "tsd": "Tausend",
    "usw": "und so weiter",
    "bzw": "beziehungsweise", "ca": "circa", "vgl": "vergleiche", "evtl": "eventuell",
    "ggf": "gegebenenfalls", "inkl": "inklusive", "exkl": "exklusive", "zzgl": "zuzüglich",
    "abzgl": "abzüglich", "std": "Stunden", "min": "Minuten", "sek": "Sekunden",
    "jh": "Jahrhundert",
    "st": "Sankt", "tel": "Telefon", "abb": "Abbildung", "bd": "Band", "kap": "Kapitel",
    "geb": "geboren", "gest": "gestorben", "etc": "et cetera", "bsp": "Beispiel",
    "allg": "allgemein",
    "sog": "sogenannte", "max": "maximal", "mind": "mindestens", "min.": "mindestens",
    "ing": "Ingenieur", "dipl": "Diplom", "med": "medizin", "jur": "juris", "phil": "philosophie",
    "hl": "heilige", "abs": "Absatz", "art": "Artikel", "aufl": "Auflage", "hrsg": "Herausgeber",
    "s": "Seite", "mag": "Magister", "mo": "Montag", "di": "Dienstag", "mi": "Mittwoch",
    "do": "Donnerstag", "sa": "Samstag", "so": "Sonntag", "zw": "zwischen", "u": "und",
    "co": "Ko", "mwst": "Mehrwertsteuer", "jhd": "Jahrhundert", "jhdt": "Jahrhundert",
    "stk": "Stück", "ehem": "ehemals", "gegr": "gegründet", "bes": "besonders", "anm": "Anmerkung",
    "tägl": "täglich", "jährl": "jährlich", "monatl": "monatlich",
}  # fmt: skip
SHORT_DAYS = {
    "Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag",
    "Sa": "Samstag", "So": "Sonntag",
}  # fmt: skip
# Read so without a full stop as well.
BARE = listing("Mio Mrd Tsd Std MwSt Nr Dr Prof usw bzw ca")
# Words of the language: abbreviations only before a number.
BEFORE_NUMBER = frozenset(listing("s art abs bd kap abb nr min mo di mi do sa so med"))
DOTTED = {
    "z.b": "zum Beispiel", "d.h": "das heißt", "u.a": "unter anderem", "u.ä": "und ähnliches",
    "o.ä": "oder ähnliches", "i.d.r": "in der Regel", "n.chr": "nach Christus",
    "v.chr": "vor Christus", "u.s.w": "und so weiter", "s.o": "siehe oben", "s.u": "siehe unten",
    "m.e": "meines Erachtens", "z.t": "zum Teil", "a.d": "an der", "e.v": "E V", "o.k": "okay",
    "i.a": "im Auftrag", "z.h": "zu Händen", "u.u": "unter Umständen", "v.a": "vor allem",
}  # fmt: skip
SENTENCE = Abbreviations(
    never=frozenset(
        listing(
            "dr prof hr fr nr ca vgl evtl ggf inkl exkl zzgl abzgl st abb bzw z.b d.h u.a i.d.r "
            "z.t zw bes ehem "
            "sog max mind allg dipl ing hl v.a s.o m.e z d u v a.d"
        )
    ),
    seldom=frozenset(
        listing(
            "usw etc co tägl jährl monatl str mio mrd tsd jh jhd jhdt mwst stk std min sek n.chr "
            "v.chr u.ä o.ä e.v geb"
        )
    ),
    numbered=frozenset(listing("s art abs bd kap abb tel mo di Mi Do sa")),
    endings=("str",),
    ordinals=True,
    starters=frozenset(
        listing(
            "der die das ein eine er sie es wir ich ihr du dann danach und aber oder doch denn "
            "in im "
            "auf am mit von zu nach vor bei als wenn wer was wo wie warum da hier heute morgen "
            "gestern "
            "jetzt so dieser diese dieses mein meine sein seine ihre unser kein keine man nun auch "
            "trotzdem deshalb außerdem jedoch"
        )
    ),
)

# Singular, plural, and "ein" or "eine".
UNITS: dict[str, tuple[str, str, str]] = {
    name: (one, many or one, "eine" if feminine else "ein")
    for name, one, many, feminine in (
        ("km", "Kilometer", "", 0), ("m", "Meter", "", 0), ("cm", "Zentimeter", "", 0),
        ("mm", "Millimeter", "", 0), ("µm", "Mikrometer", "", 0), ("nm", "Nanometer", "", 0),
        ("kg", "Kilogramm", "", 0), ("g", "Gramm", "", 0), ("mg", "Milligramm", "", 0),
        ("t", "Tonne", "Tonnen", 1), ("l", "Liter", "", 0), ("L", "Liter", "", 0),
        ("ml", "Milliliter", "", 0), ("cl", "Zentiliter", "", 0), ("s", "Sekunde", "Sekunden", 1),
        ("ms", "Millisekunde", "Millisekunden", 1), ("min", "Minute", "Minuten", 1),
        ("h", "Stunde", "Stunden", 1), ("Hz", "Hertz", "", 0), ("kHz", "Kilohertz", "", 0),
        ("MHz", "Megahertz", "", 0), ("GHz", "Gigahertz", "", 0), ("W", "Watt", "", 0),
        ("kW", "Kilowatt", "", 0), ("MW", "Megawatt", "", 0), ("GW", "Gigawatt", "", 0),
        ("kWh", "Kilowattstunde", "Kilowattstunden", 1), ("V", "Volt", "", 0),
        ("A", "Ampere", "", 0),
        ("mA", "Milliampere", "", 0), ("Pa", "Pascal", "", 0), ("hPa", "Hektopascal", "", 0),
        ("bar", "Bar", "", 0), ("dB", "Dezibel", "", 0), ("kB", "Kilobyte", "", 0),
        ("KB", "Kilobyte", "", 0), ("MB", "Megabyte", "", 0), ("GB", "Gigabyte", "", 0),
        ("TB", "Terabyte", "", 0), ("Mbit", "Megabit", "", 0), ("Gbit", "Gigabit", "", 0),
        ("ha", "Hektar", "", 0), ("kcal", "Kilokalorie", "Kilokalorien", 1), ("J", "Joule", "", 0),
        ("kJ", "Kilojoule", "", 0), ("N", "Newton", "", 0), ("PS", "PS", "", 0),
        ("Std", "Stunde", "Stunden", 1), ("Min", "Minute", "Minuten", 1),
    )
}  # fmt: skip
MONEY = {
    "€": ("Euro", "Cent"), "EUR": ("Euro", "Cent"), "$": ("Dollar", "Cent"),
    "USD": ("Dollar", "Cent"), "£": ("Pfund", "Pence"), "GBP": ("Pfund", "Pence"),
    "CHF": ("Franken", "Rappen"), "¥": ("Yen", ""), "¢": ("Cent", ""), "₹": ("Rupien", ""),
}  # fmt: skip
SCALES = {
    "Mio": "Millionen", "Mrd": "Milliarden", "Tsd": "Tausend", "Millionen": "Millionen",
    "Milliarden": "Milliarden", "Million": "Million", "Milliarde": "Milliarde",
}  # fmt: skip
SIGNS = {
    "&": "und", "+": "plus", "=": "gleich", "%": "Prozent", "@": "ät", "×": "mal", "÷": "durch",
    "±": "plus minus", "≈": "ungefähr gleich", "≤": "höchstens", "≥": "mindestens",
    "≠": "ungleich", "∞": "unendlich", "√": "Wurzel aus", "§": "Paragraf", "©": "Copyright",
    "°": "Grad", "‰": "Promille", "−": "minus", "€": "Euro", "$": "Dollar", "£": "Pfund",
    "¥": "Yen", "₹": "Rupien", "¢": "Cent", "²": "Quadrat", "³": "Kubik", "µ": "Mikro",
}  # fmt: skip
ADDRESS_SIGNS = {
    ".": "Punkt", "/": "Schrägstrich", "@": "ät", "-": "minus", "_": "Unterstrich",
    ":": "Doppelpunkt", "?": "Fragezeichen", "=": "gleich", "&": "und", "#": "Raute",
    "%": "Prozent", "+": "plus", "~": "Tilde",
}  # fmt: skip
FRACTIONS = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
# Capitals that are said as a word.
SAID = frozenset(
    listing("NATO UNO NASA AIDS PISA UNESCO UNICEF FIFA UEFA OPEC BAFÖG BAföG TÜV DAX COVID")
)
CHAPTERS = frozenset(
    listing("kapitel teil band akt szene abschnitt anhang buch weltkrieg phase stufe")
)
# Things of neuter gender that are counted: *ein viertes Kind*.
NEUTER = frozenset(
    listing(
        "Kind Mal Jahr Buch Haus Tor Spiel Auto Bild Bier Glas Kapitel Quartal Semester "
        "Trimester Konzert Album Lied Stück Zimmer Bein Auge Leben Land Werk Opfer Mitglied "
        "Team Rennen Gespräch Treffen Ei Pferd Tier Baby Problem Zeichen Fenster Schiff "
        "Flugzeug Projekt Dorf Ziel Modell Angebot Wort Foto Video Blatt Feld Gebäude Halbjahr "
        "Hotel Geschoss Obergeschoss Stockwerk Produkt Gebot Gesetz Enkelkind Schuljahr "
        "Lebensjahr Geschäftsjahr Viertel Drittel Duell Finale Halbfinale Gericht Zeitalter "
        "Boot Rad Ohr Gleis Reich Regiment Bataillon Brot Getränk Exemplar Gebiet Verfahren "
        "Urteil Ereignis Ergebnis Geheimnis Verzeichnis"
    )
)
NEUTER_ENDINGS = tuple(listing("chen lein ment kind jahr spiel buch haus quartal stück zeug"))
# After these an ordinal ends in -en, or in -e.
WITH_EN = frozenset(
    listing(
        "am im vom zum beim dem den des zur einem einen seinem seinen ihrem ihren meinem meinen "
        "ab bis "
        "seit dieser diesem diesen jedem jeden in mit nach seiner ihrer"
    )
)
WITH_E = frozenset(listing("der die das diese dieses jede jedes eine seine ihre meine welche"))
