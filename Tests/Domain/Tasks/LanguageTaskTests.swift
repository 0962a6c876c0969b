import Inference
import Testing
import Values

@Suite struct LanguageTaskTests {
    static let sentences: [(String, String)] = [
        ("en", "The weather was nice yesterday, so we went for a walk in the park."),
        ("en", "Please send me the report before the end of the week."),
        ("de", "Das Wetter war gestern schön, deshalb sind wir im Park spazieren gegangen."),
        ("de", "Bitte schicken Sie mir den Bericht bis zum Ende der Woche."),
        ("fr", "Il faisait beau hier, alors nous sommes allés nous promener dans le parc."),
        ("fr", "Merci de m'envoyer le rapport avant la fin de la semaine."),
        ("es", "Ayer hizo buen tiempo, así que fuimos a pasear por el parque."),
        ("es", "Por favor, envíame el informe antes del fin de semana."),
        ("it", "Ieri il tempo era bello, quindi siamo andati a fare una passeggiata nel parco."),
        ("it", "Per favore, mandami il rapporto prima della fine della settimana."),
        ("pt", "Ontem o tempo estava bom, então fomos passear no parque."),
        ("pt", "Por favor, envie-me o relatório antes do fim da semana."),
        ("nl", "Het weer was gisteren mooi, dus we gingen wandelen in het park."),
        ("nl", "Stuur me alstublieft het rapport voor het einde van de week."),
        ("sv", "Vädret var fint igår, så vi gick på promenad i parken."),
        ("sv", "Skicka rapporten till mig före slutet av veckan, tack."),
        ("da", "Vejret var dejligt i går, så vi gik en tur i parken."),
        ("da", "Send mig venligst rapporten inden udgangen af ugen, selv om den ikke er færdig."),
        ("no", "Været var fint i går, så vi gikk en tur i parken."),
        ("no", "Jeg vet ikke hva dere mener, men vi må gjøre noe med det nå."),
        ("fi", "Sää oli eilen kaunis, joten menimme kävelylle puistoon."),
        ("fi", "Lähetä minulle raportti ennen viikon loppua, kiitos."),
        ("pl", "Wczoraj była ładna pogoda, więc poszliśmy na spacer do parku."),
        ("pl", "Proszę przesłać mi raport przed końcem tygodnia."),
        ("cs", "Včera bylo hezké počasí, a tak jsme šli na procházku do parku."),
        ("cs", "Prosím, pošlete mi zprávu do konce týdne."),
        ("sk", "Včera bolo pekné počasie, a tak sme išli na prechádzku do parku."),
        ("ro", "Ieri vremea a fost frumoasă, așa că am mers la o plimbare în parc."),
        ("hu", "Tegnap szép idő volt, ezért sétálni mentünk a parkba."),
        ("tr", "Dün hava güzeldi, bu yüzden parkta yürüyüşe çıktık."),
        ("tr", "Lütfen raporu hafta sonundan önce bana gönderin."),
        ("vi", "Hôm qua thời tiết đẹp nên chúng tôi đi dạo trong công viên."),
        ("id", "Cuaca kemarin bagus, jadi kami pergi berjalan-jalan di taman."),
        ("ca", "Ahir feia bon temps, així que vam anar a passejar pel parc amb els nens."),
        ("hr", "Jučer je bilo lijepo vrijeme, pa smo išli u šetnju u park."),
        ("et", "Eile oli ilus ilm, nii et me läksime parki jalutama."),
        ("lv", "Vakar bija jauks laiks, tāpēc mēs devāmies pastaigā uz parku."),
        ("lt", "Vakar buvo gražus oras, todėl ėjome pasivaikščioti į parką."),
        ("ru", "Вчера была хорошая погода, поэтому мы пошли гулять в парк."),
        ("uk", "Учора була гарна погода, тому ми пішли гуляти в парк."),
        ("bg", "Вчера времето беше хубаво, затова отидохме на разходка в парка."),
        ("sr", "Јуче је било лепо време, па смо ишли у шетњу у парк."),
        ("el", "Ο καιρός ήταν καλός χθες, γι' αυτό πήγαμε μια βόλτα στο πάρκο."),
        ("he", "מזג האוויר היה יפה אתמול, אז הלכנו לטייל בפארק."),
        ("ar", "كان الطقس جميلا أمس، لذلك ذهبنا في نزهة إلى الحديقة."),
        ("fa", "دیروز هوا خوب بود، بنابراین برای پیاده‌روی به پارک رفتیم."),
        ("ur", "کل موسم اچھا تھا، اس لیے ہم پارک میں سیر کے لیے گئے۔"),
        ("hi", "कल मौसम अच्छा था, इसलिए हम पार्क में घूमने गए।"),
        ("bn", "গতকাল আবহাওয়া ভালো ছিল, তাই আমরা পার্কে হাঁটতে গিয়েছিলাম।"),
        ("ta", "நேற்று வானிலை நன்றாக இருந்தது."), ("th", "เมื่อวานอากาศดี เราเลยไปเดินเล่นในสวนสาธารณะ"),
        ("ko", "어제 날씨가 좋아서 우리는 공원에 산책하러 갔습니다."), ("ja", "昨日は天気が良かったので、公園へ散歩に行きました。"),
        ("zh", "昨天天气很好，所以我们去公园散步了。"),
    ]

    @Test(arguments: sentences)
    func `a sentence tells its language`(language: String, sentence: String) throws {
        let output = try computed(.detectLanguage, ["input": .string(sentence)])
        #expect(output["language"]?.string == language, "\(sentence)")
        #expect((0.3...1).contains(try #require(output["confidence"]?.double)))
    }

    @Test func `a few words of the largest languages are enough`() throws {
        let short = [
            ("en", "Where is the station?"), ("de", "Wo ist der Bahnhof?"), ("fr", "Où est la gare ?"),
            ("es", "¿Dónde está la estación?"), ("it", "Dove è la stazione?"), ("pt", "Onde está o trem?"),
            ("nl", "Waar is het station?"), ("ru", "Где вокзал?"), ("ja", "駅はどこですか"), ("zh", "车站在哪里"),
        ]
        let right = try share(of: short) { language, text in
            try computed(.detectLanguage, ["input": .string(text)])["language"]?.string == language
        }
        #expect(right >= 0.9, "\(right)")
    }

    @Test func `what has no letters has no language`() throws {
        #expect(try computed(.detectLanguage, ["input": "12 + 30 = 42!"])["language"] == "und")
    }
}
