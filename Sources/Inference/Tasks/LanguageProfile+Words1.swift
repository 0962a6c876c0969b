extension LanguageProfile {
    /// By their codes of ISO 639-1.
    static let part1: [String: LanguageProfile] = [
        "en": LanguageProfile(
            """
            the of and to in is that it for was on are with as his they be at this have from or had by but not what
            were when we there can an your which their said if do will each about how up out them then she many some
            so these would other into has more her two like him see time could no make than been its who now my did
            get come made may part over new take only little work know place years live me back give most very after
            things our just name good sentence man think say great where help through much before line right too
            means old any same tell boy follow came want show also around form three small set put end does another
            well large must big even such because turn here why asked went men read need land different home us move
            try kind hand picture again change off play spell air away animal house point page letter mother answer
            found study still learn should world please thank yesterday tomorrow today
            """,
            alphabet: "éï",
            letters: ""
        ),
        "de": LanguageProfile(
            """
            der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus
            er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber
            vor zur bis mehr durch man sein wurde sei hatte kann gegen vom können schon wenn habe seine ihre dann
            unter wir soll ich eines jahr zwei diese wieder keine seiner worden will zwischen immer was sagte gibt
            alle seit muss wurden beim doch jetzt waren drei ihr mir mich dich uns euch heute gestern morgen bitte
            danke sehr gut kein du hier dort weil
            """,
            alphabet: "äöüß",
            letters: "ßẞ"
        ),
        "fr": LanguageProfile(
            """
            de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont mais comme
            ou si leur y dont aux avec cette ces son sa ses elle nous vous ils été être avoir fait tout tous même
            deux où bien sans peut très aussi encore après avant entre depuis sous contre alors quand notre votre
            mes mon ma je tu j'ai c'est d'un d'une l'on n'est qu'il était étaient avait ont suis sommes aujourd'hui
            hier demain merci bonjour chez rien jamais toujours beaucoup trop peu faire aller
            """,
            alphabet: "éèêàçùâîôûëïœ",
            letters: "œêûèç"
        ),
        "es": LanguageProfile(
            """
            de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si
            sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi
            porque qué sólo han yo hay vez puede todos así nos ni parte tiene él uno donde bien tiempo mismo ese
            ahora cada e vida otro después te otros aunque esa eso hace otra gobierno tan durante siempre día tanto
            ella tres sí dijo sido gran país según menos mundo año antes estado quiero estoy gracias hoy ayer mañana
            usted ustedes nosotros buenos días
            """,
            alphabet: "ñáéíóúü¿¡",
            letters: "ñ¿¡"
        ),
        "it": LanguageProfile(
            """
            di e il la che in a per un è una non sono con del si da come le dei nel alla ha più al ma lo gli della i
            anche delle su o se questo dal mi ci quando nella dalla ne molto era suo sua loro essere tutto ancora
            solo stato due prima dopo fatto così io tu lui lei noi voi hanno chi cosa quello questa dove perché
            sempre mai bene oggi ieri domani grazie buongiorno ho hai abbiamo siamo sei anni ogni altri tra fra
            senza sul sulla degli agli all dell nell un' c'è l'ha
            """,
            alphabet: "àèéìòù",
            letters: ""
        ),
        "pt": LanguageProfile(
            """
            de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à
            seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem
            mesmo aos ter seus quem nas me esse eles estão você tinha foram essa num nem suas meu às minha têm numa
            pelos elas havia seja qual será nós tenho lhe deles essas esses pelas este fosse dele tu te vocês vos
            lhes meus minhas teu tua nosso nossa ontem hoje amanhã obrigado obrigada então são vai vou fazer ainda
            onde porque aqui bem
            """,
            alphabet: "ãõáâàçéêíóôú",
            letters: "ãõ"
        ),
        "nl": LanguageProfile(
            """
            de van een het en in is dat op te zijn met voor niet aan er die om ook als dan maar bij nog uit door
            over ze hij naar heeft ik je was worden wordt tot kan al meer deze hebben wat wel geen of waar werd hun
            onder moet mijn zo we jaar dit zou veel tussen zich toen haar had jij wij jullie ons onze u uw heb ben
            bent gaan gaat goed vandaag gisteren morgen dank graag altijd nooit heel erg zonder tegen omdat waren
            alle andere mensen twee nu hier daar
            """,
            alphabet: "éëïö",
            letters: ""
        ),
        "sv": LanguageProfile(
            """
            och i att det som en på är av för med till den har de inte om ett han men var jag så kan från sig vi när
            nu eller skulle där hade man vid också efter upp ut ska mycket hon sin mot under över alla bara någon
            något två mer vad mig dig oss er idag igår imorgon tack bra många måste vill går gör få år varit blir
            blev mellan här hur varför aldrig alltid
            """,
            alphabet: "åäöé",
            letters: "å"
        ),
        "da": LanguageProfile(
            """
            og i at det som en på er af for med til den har de ikke om et han men var jeg så kan fra sig vi når nu
            eller skulle hvor havde man ved også efter op ud skal meget hun sin mod under over alle bare nogen noget
            to mere hvad mig dig os jer dag går morgen tak godt mange må vil gør få år været bliver blev mellem her
            hvordan hvorfor aldrig altid hvis selv anden andre uden først kunne gik fik kom sagde vejret dejligt nej
            måtte venligst jeres deres bedre
            """,
            alphabet: "æøåé",
            letters: "æø"
        ),
        "no": LanguageProfile(
            """
            og i at det som en på er av for med til den har de ikke om et han men var jeg så kan fra seg vi når nå
            eller skulle hvor hadde man ved også etter opp ut skal mye hun sin mot under over alle bare noen noe to
            mer hva meg deg oss dere dag går morgen takk bra mange må vil gjør få år vært blir ble mellom her
            hvordan hvorfor aldri alltid hvis selv annen andre uten først kunne nei ja gikk fikk kom sa været fint
            måtte vennligst deres bedre
            """,
            alphabet: "æøåé",
            letters: "æø"
        ),
        "fi": LanguageProfile(
            """
            ja on ei se että oli hän en mutta ovat kuin joka niin sen myös ole mukaan kun jos olen minä sinä me te
            he tämä nyt vain jo ollut voi sitä mitä kaikki ennen jälkeen kanssa hyvä hyvin tänään eilen huomenna
            kiitos missä miksi miten tai sekä siitä siellä täällä tässä olla hänen minun sinun meidän heidän paljon
            vielä aina koskaan vuonna oma uusi suuri ihmiset pitää saa tulee teki
            """,
            alphabet: "äöå",
            letters: ""
        ),
        "pl": LanguageProfile(
            """
            w i na z się nie do to że jest o jak a po od co za ale tak przez ich być dla jego czy tylko już był była
            było są oraz który która które przed także może pod przy tym jej go mnie mi ci nas was bardzo gdy więc
            też sobie kiedy gdzie dlaczego dziś wczoraj jutro dziękuję proszę mam masz ma mamy będzie ze we bez lub
            ja ty on ona my wy oni dobrze wszystko nic nigdy zawsze lat roku ten ta te dużo
            """,
            alphabet: "ąćęłńóśźż",
            letters: "łąęśźżń"
        ),
    ]
}
