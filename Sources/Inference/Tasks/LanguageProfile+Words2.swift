extension LanguageProfile {
    /// By their codes of ISO 639-1.
    static let part2: [String: LanguageProfile] = [
        "cs": LanguageProfile(
            """
            a v se na je že o s do to z i jako za pro ale jsem by byl tak po jsou k od jeho který která které si ve
            už jen při být co není bylo bude jak nebo až než před její jsme ještě také mezi podle ze může mu když
            kde proč dnes včera zítra děkuji prosím mám máš máme velmi byla byli já ty on ona my vy oni dobře
            všechno nic nikdy vždy let roku ten ta tento mnoho hodně
            """,
            alphabet: "áčďéěíňóřšťúůýž",
            letters: "ěřů"
        ),
        "sk": LanguageProfile(
            """
            a v sa na je že o s do to z aj ako za pre ale som by bol tak po sú k od jeho ktorý ktorá ktoré si vo už
            len pri byť čo nie bolo bude alebo až než pred jej sme ešte tiež medzi podľa zo môže mu keď kde prečo
            dnes včera zajtra ďakujem prosím mám máš máme veľmi bola boli ja ty on ona my vy oni dobre všetko nič
            nikdy vždy rokov roku ten tá tento mnoho veľa
            """,
            alphabet: "áäčďéíĺľňóôŕšťúýž",
            letters: "ľĺŕô"
        ),
        "ro": LanguageProfile(
            """
            de și în a la cu pe o că nu este din un se care pentru mai ce sunt au prin dar ca fi fost lui al ei sau
            după până dacă această acest când foarte și-a nici doar între fără unde cum azi ieri mâine mulțumesc am
            ai are avem aveți eu tu el ea noi voi bine toate tot niciodată mereu ani anul peste sub lor cel cea cei
            dintre mult era erau vor va să
            """,
            alphabet: "ăâîșțşţ",
            letters: "ășțţ"
        ),
        "hu": LanguageProfile(
            """
            a az és hogy nem is egy ez meg de csak el már mint még volt van be ki ha azt le minden vagy én te ő mi
            ti ők lesz lehet kell nincs most itt ott mert sem nagyon jó ma tegnap holnap köszönöm kérem hol miért
            hogyan mikor igen után előtt között szerint által volna voltak azonban ami aki amely ezt ezek azok nagy
            új két év sok soha mindig vissza fel
            """,
            alphabet: "áéíóöőúüű",
            letters: "őű"
        ),
        "tr": LanguageProfile(
            """
            ve bir bu da de için ile çok olarak daha olan gibi ne kadar sonra ama o var en ben sen biz siz onlar ya
            mi mı mu mü değil her yok bana sana ona şey diye iki yeni olduğu tarafından ise göre bugün dün yarın
            teşekkür lütfen nerede neden nasıl evet hayır iyi şimdi önce hiç hep ancak veya büyük kendi zaman yıl
            oldu etti oluyor ediyor vardı beni seni bizim sizin burada orada
            """,
            alphabet: "çğıöşüİâ",
            letters: "ğış"
        ),
        "vi": LanguageProfile(
            """
            và của là có cho không được trong người một các những với này đã khi đến từ tôi anh em chị ông bà nó
            chúng ta họ ở ra cũng như để làm về năm thì nhưng vào còn nhiều hay rất sẽ đang bị lại nếu sau trước đi
            hôm nay qua mai cảm ơn xin chào đâu sao gì thế nào việc nhà nước ngày tại vì theo trên dưới hơn nhất
            """,
            alphabet: "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ",
            letters: "đơưạảấầẩậắằẵặẹẻẽếềểễệỉịọỏốồổỗộớờởợụủứừửữự"
        ),
        "id": LanguageProfile(
            """
            yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena tersebut bisa ada mereka
            lebih kata tahun sudah atau saat oleh menjadi orang ia telah adalah seperti sebagai bahwa dapat para
            harus namun kita dua satu masih hari hanya mengatakan kepada kami setelah melakukan lalu belum lain dia
            kalau terjadi banyak menurut anda hingga tak baru beberapa ketika saja jalan sekitar secara dilakukan
            sementara tapi sangat hal sehingga seorang bagi besar lagi selama antara waktu sebuah jika sampai kamu
            aku terima kasih kemarin besok sekarang apa siapa mana bagaimana mengapa
            """,
            alphabet: "é",
            letters: ""
        ),
        "ca": LanguageProfile(
            """
            de la i a el que en un per no és amb una els les del al es més com però ha són ser o si també seva seu
            va molt quan aquest aquesta on entre sense fins des fer tot tots havia era han dos any anys jo tu ell
            ella nosaltres vosaltres ells bé avui ahir demà gràcies bon dia perquè què qui sempre mai res cap dels
            als pel pels hi ho m'agrada d'un d'una l'any estic tinc vull
            """,
            alphabet: "àçèéíïòóúü·",
            letters: "·"
        ),
        "hr": LanguageProfile(
            """
            i u je se na da su za od s a o iz koji ne kao što to bi ali sve do ili nije ako koja koje samo može biti
            bio bila bilo sam smo ste te već nakon prije kad kada gdje zašto kako danas jučer sutra hvala molim ja
            ti on ona mi vi oni dobro vrlo jako ništa nikad uvijek godine godina ovaj ova ovo taj ta mnogo među
            prema zbog također tijekom sa će nego
            """,
            alphabet: "čćđšž",
            letters: "đć"
        ),
        "sl": LanguageProfile(
            """
            in v je se na da so za od s a o iz ki ne kot kar to bi pa ali vse do ni če lahko biti bil bila bilo sem
            smo ste že po pred ko kje zakaj kako danes včeraj jutri hvala prosim jaz ti on ona mi vi oni dobro zelo
            nič nikoli vedno leta let ta tega teh mnogo med proti zaradi tudi bodo še samo ker
            """,
            alphabet: "čšž",
            letters: ""
        ),
        "et": LanguageProfile(
            """
            ja on ei see et oli ta ma mis ka kui aga või ning oma siis kes nii ole seda mitte veel juba üks kõik kus
            miks kuidas täna eile homme aitäh palun mina sina tema meie teie nemad hästi väga midagi kunagi alati
            aasta aastat selle need palju enne pärast vahel järgi olid olnud saab peab tuleb koos välja üle
            """,
            alphabet: "äõöüšž",
            letters: "õ"
        ),
        "lv": LanguageProfile(
            """
            un ir ar no par uz ka kas bet tas viņš viņa es tu mēs jūs viņi nav bija būs arī kā lai pie pēc līdz vai
            ja ne tikai jau vēl šis šī ļoti labi šodien vakar rīt paldies lūdzu kur kāpēc kad visi viss nekad
            vienmēr gadā gadu daudz pirms starp sava savu tiek tika var to tā
            """,
            alphabet: "āčēģīķļņšūž",
            letters: "āēģīķļņū"
        ),
        "lt": LanguageProfile(
            """
            ir yra į iš su kad tai ne bet kaip jis ji aš tu mes jūs jie nėra buvo bus taip pat apie po prie iki ar
            jei tik jau dar šis ši labai gerai šiandien vakar rytoj ačiū prašau kur kodėl kada visi viskas niekada
            visada metais metų daug prieš tarp savo gali nuo per kurie kuris už
            """,
            alphabet: "ąčęėįšųūž",
            letters: "ėįųąę"
        ),
        "ru": LanguageProfile(
            """
            и в не на я что он с как это а по но они к из у за то все так его же от о для мы вы бы был было была
            были только ещё или если когда есть чтобы уже до во ли даже под где там сейчас очень может после при
            через быть мне меня тебя нас вас их она ты этот эта эти который которая которые сегодня вчера завтра
            спасибо пожалуйста почему нет да со без года лет себя человек
            """,
            alphabet: "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
            letters: "ыэё"
        ),
        "uk": LanguageProfile(
            """
            і в не на я що він з як це а по але вони до із у за то все так його ж від о для ми ви би був було була
            були тільки ще або якщо коли є щоб вже під де там зараз дуже може після при через бути мені мене тебе
            нас вас їх вона ти цей ця ці який яка які сьогодні вчора завтра дякую будь ласка чому ні та зі без року
            років себе людина й також
            """,
            alphabet: "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
            letters: "іїєґ"
        ),
        "bg": LanguageProfile(
            """
            и в не на аз че той с като това а по но те към от за то всички така го си са да ние вие би беше била
            бяха само още или ако когато е има вече до във ли дори под къде там сега много може след при през бъде
            ми ме теб нас вас ги тя ти този тази тези който която които днес вчера утре благодаря моля защо няма без
            година години се ще
            """,
            alphabet: "абвгдежзийклмнопрстуфхцчшщъьюя",
            letters: "ъ"
        ),
        "sr": LanguageProfile(
            """
            и у не на ја да он с као то а по али они ка од за је се су смо сте би био била било само још или ако
            када има већ до под где тамо сада веома може после при кроз бити ми ме тебе нас вас их она ти овај ова
            ово који која које данас јуче сутра хвала молим зашто нема без година године што ће из са
            """,
            alphabet: "абвгдђежзијклљмнњопрстћуфхцчџш",
            letters: "јљњћђџ"
        ),
        "ar": LanguageProfile(
            """
            في من على أن إلى هذا هذه ما لا التي الذي عن مع كان كانت هو هي أو لم قد كل بعد بين ذلك ثم حتى لكن إن غير
            عند أنا أنت نحن هم اليوم أمس غدا شكرا أين لماذا كيف متى جدا قال يكون
            """,
            alphabet: "",
            letters: "ةيكىأإ"
        ),
        "fa": LanguageProfile(
            """
            در و به از که این را با است برای آن یک بود شد خود تا می هم نیز بر های ها کرد شده او ما شما من آنها اگر
            یا هر اما باید دارد کند امروز دیروز فردا ممنون کجا چرا چگونه چه بسیار نیست
            """,
            alphabet: "",
            letters: "یکپچگ"
        ),
        "ur": LanguageProfile(
            """
            کے میں کی ہے اور سے کا کو اس پر نے ہیں یہ کہ بھی تھا ہو وہ ایک کر نہیں تھی کیا جو ان تو یا لیے گیا ہوں
            ہم آپ آج کل شکریہ کہاں کیوں کیسے کب بہت تھے رہا ہے۔
            """,
            alphabet: "",
            letters: "ےںٹڈڑہ"
        ),
        "hi": LanguageProfile(
            """
            के में की है और से का को यह पर ने हैं कि भी था हो वह एक कर नहीं थी क्या जो इस तो या लिए गया हूँ हम आप
            मैं आज कल धन्यवाद कहाँ क्यों कैसे कब बहुत थे रहा अपने
            """,
            alphabet: "",
            letters: "़"
        ),
        "mr": LanguageProfile(
            """
            आणि आहे मी तो ती ते हे या ला च्या ची चा चे होते होता नाही काय आम्ही तुम्ही आपण आज काल उद्या धन्यवाद कुठे
            का कसे खूप आहेत मध्ये साठी पण एक हा ही केली केले झाले असे
            """,
            alphabet: "",
            letters: "ळ"
        ),
    ]
}
