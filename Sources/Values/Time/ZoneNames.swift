import Foundation

/// Which names are names of the tz database.
///
/// Foundation also takes abbreviations ("PDT") and offsets ("GMT+3"), which are no zones.
enum ZoneNames {
    /// Names of UTC itself, for which nothing has to be looked up.
    static let utc: Set<String> = [
        "Etc/GMT", "Etc/Greenwich", "Etc/UCT", "Etc/UTC", "Etc/Universal", "Etc/Zulu", "GMT", "Greenwich", "UCT", "UTC",
        "Universal", "Zulu",
    ]

    /// Whether this is a name of the tz database that is not one of UTC.
    static func contains(_ name: String) -> Bool { all.contains(name) }

    private static let all: Set<String> = {
        var all = Set(others.split { $0 == " " || $0 == "\n" }.map(String.init))
        // Foundation's list holds a few names that are no places, like "GMT".
        all.formUnion(TimeZone.knownTimeZoneIdentifiers.filter { $0.contains("/") })
        return all.subtracting(utc)
    }()

    /// Zones without an area and the links of tzdata 2025b (files `etcetera` and `backward`, public domain), which
    /// Foundation knows but does not list.
    private static let others = """
        Africa/Asmera Africa/Timbuktu America/Argentina/ComodRivadavia America/Atka America/Buenos_Aires
        America/Catamarca America/Coral_Harbour America/Cordoba America/Ensenada America/Fort_Wayne America/Godthab
        America/Indianapolis America/Jujuy America/Knox_IN America/Kralendijk America/Louisville America/Lower_Princes
        America/Marigot America/Mendoza America/Montreal America/Nipigon America/Pangnirtung America/Porto_Acre
        America/Rainy_River America/Rosario America/Santa_Isabel America/Shiprock America/St_Barthelemy
        America/Thunder_Bay America/Virgin America/Yellowknife Antarctica/South_Pole Arctic/Longyearbyen Asia/Ashkhabad
        Asia/Calcutta Asia/Choibalsan Asia/Chongqing Asia/Chungking Asia/Dacca Asia/Harbin Asia/Ho_Chi_Minh
        Asia/Istanbul Asia/Kashgar Asia/Kathmandu Asia/Katmandu Asia/Kolkata Asia/Macao Asia/Rangoon Asia/Saigon
        Asia/Tel_Aviv Asia/Thimbu Asia/Ujung_Pandang Asia/Ulan_Bator Asia/Yangon Atlantic/Faeroe Atlantic/Faroe
        Atlantic/Jan_Mayen Australia/ACT Australia/Canberra Australia/Currie Australia/LHI Australia/NSW Australia/North
        Australia/Queensland Australia/South Australia/Tasmania Australia/Victoria Australia/West Australia/Yancowinna
        Brazil/Acre Brazil/DeNoronha Brazil/East Brazil/West CET CST6CDT Canada/Atlantic Canada/Central Canada/Eastern
        Canada/Mountain Canada/Newfoundland Canada/Pacific Canada/Saskatchewan Canada/Yukon Chile/Continental
        Chile/EasterIsland Cuba EET EST EST5EDT Egypt Eire Etc/GMT+0 Etc/GMT+1 Etc/GMT+10 Etc/GMT+11 Etc/GMT+12 Etc/GMT+2
        Etc/GMT+3 Etc/GMT+4 Etc/GMT+5 Etc/GMT+6 Etc/GMT+7 Etc/GMT+8 Etc/GMT+9 Etc/GMT-0 Etc/GMT-1 Etc/GMT-10 Etc/GMT-11
        Etc/GMT-12 Etc/GMT-13 Etc/GMT-14 Etc/GMT-2 Etc/GMT-3 Etc/GMT-4 Etc/GMT-5 Etc/GMT-6 Etc/GMT-7 Etc/GMT-8 Etc/GMT-9
        Etc/GMT0 Europe/Belfast Europe/Bratislava Europe/Busingen Europe/Kiev Europe/Kyiv Europe/Mariehamn
        Europe/Nicosia Europe/Podgorica Europe/San_Marino Europe/Tiraspol Europe/Uzhgorod Europe/Vatican
        Europe/Zaporozhye GB GB-Eire GMT+0 GMT-0 GMT0 HST Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya MET
        MST MST7MDT Mexico/BajaNorte Mexico/BajaSur Mexico/General NZ NZ-CHAT Navajo PRC PST8PDT Pacific/Enderbury
        Pacific/Johnston Pacific/Ponape Pacific/Samoa Pacific/Truk Pacific/Yap Poland Portugal ROC ROK Singapore Turkey
        US/Alaska US/Aleutian US/Arizona US/Central US/East-Indiana US/Eastern US/Hawaii US/Indiana-Starke US/Michigan
        US/Mountain US/Pacific US/Samoa W-SU WET
        """
}
