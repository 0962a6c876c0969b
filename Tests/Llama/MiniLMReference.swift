import Foundation

/// What MiniLM makes of some texts: computed from the published weights with 64-bit numbers, in a program that has
/// nothing in common with the engine but the architecture's description.
enum MiniLMReference {
    struct Example {
        let text: String
        let tokens: Int
        /// 384 numbers of 32 bits, the least significant byte first, in base64.
        let data: String

        var vector: [Float] {
            let bytes = Array(Data(base64Encoded: data.filter { $0 != "\n" }) ?? Data())
            return stride(from: 0, to: bytes.count - 3, by: 4).map { place in
                Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) })
            }
        }
    }

    static let examples = [
        Example(
            text: "The invoice was sent to the customer yesterday.",
            tokens: 13,
            data: """
                8q6XvSvK1z1Plrw8y0ClvLN8xb2MhEO9o0p1vIf2TT2tvag76lZkOhGOdD2jolo9tSWguxydwLy/l4K9NdWtvIVVQDyMoaa9ojg5
                vf1xQz1WdC28k6yKPIjR6r1oMP08TmeTPV48nD2zqr69e/02vcR35zp8qVS9G01wvWnIYjz07Bs9jLgavcp0bT0XzFK8waPXuGST
                6jvy5Jc9gOk6vP6BCD1KIuq960+QvKdEdzvCEdm8mtowO3CnDD2dKu25HFSbPegakz19ALW97xvzvGs3cr0skQg9RAAvO+fu8jzP
                PZk91AXhvLHTsbu4RMC8qGNQvbO3iTx0Iqi8+jB1Pbdj57zIwKY6XGSKvHrqbb1Pi/O8QUmjvUFA/j3n2UO86FEdPUyh8zzIOK48
                CVVjPOE41T3q3CC9BSb9vFvghr0YP2E9OWYivPg7ArwDepE8005uPfcAXTv9sq48aq+hPUrwpj1QR3u8wLEku0o6njyNF/e83Kgo
                O6jKnLzpdPC8yPrPu1ndpbugOsU9WHu4Pa7a8Tz7pZc9QI0mO5EP6rzQSYk8jOhNvW6S5LvXwgy8ZAYFukjKe7zWMk29La1kvZ2+
                KT1CjwS9ojIMOov1C7yhPWw8m3qcPbDMmbzvidK9NSSDPN5OSD1fkRe9ISk2vUzhob0HKRg9EPMpPkHlw4kxaI29MPZWO651wzwo
                bIm9RfbNPXA7HLzLYxI9lUqWPZNGLLz5PVG9ASwSvbkTXr3vVNi7Q3S8PEd2Sr7pNLk8znZSvTUIjz0/xCy9IEqdPfLMuDqGcnW9
                eSiQvDlEoj3cGcW8npBFOYpV4jxjMjQ9OM2RPDM77Tss4eE9CM2RuzXlbT3LHOI8xLGdPJoWnT2pE8+7W/FcvUP8Mj2Pok695DvH
                PN3bojxDFyE6pvjHvKM/+r0mOjM8zkbIvD1Ug7zVaJ49J/hwPGcZlLwsl5K8s9EDvDe0Pz0wDcS7HWjJuverjj3anDu8KCkdPBNt
                Yb3CeBM+QNgsPMBfVT3aUo26xZjsvEKA0L1xnci8i5AivW8CDjwKyQG9L1K8PKfL1zzHgum8qGWJvf1JVb3Z/6Q8dykBvQOxRb38
                nWw9eUFFu/2LFjzUXbG74NwoPQy+VD3S5Mo9YRDqPfHBnzxVDAI8BRkBvBVoTjroT0C9mrR1vGglFr1aqJY9aj79PUdFWQlbApm8
                7rt7PN87AL5dD4U9ZGoBOjm8QjuAEXm8BF4VPWuRUb1Ue9A9IKlWPZkaE7wgGZm9wzAUvRx6gj1CbRc8k422PVPOk70ItQs9ZQyE
                Oo57KL2jBSE8noIqvAt/Oj132to6mIczPYQWID2A/pG9kT0/vY8RDr1QQ2S9uBkZvLH1m73Au3M953BqvEL1QzxrFAc9KtwIPSh5
                OT3maw28Ui4KPcmVOj3lh349dQp0PaBBg70UAQ29ijEAPP58xr024a491CytPcOwNb2+aKE8QKkXPcaJVD0NfLe9ts6pPcI3dj3o
                Lsm8Pku4PCjGi70jWX29YFYVPHfIhzywcb+9NDCtvGcGAD2twH49j/yFva5msT1BZe+8UMFIvP7KZ7wLw4e9mU+6vdwO9DpkXMW7
                tBCKvaAdEL1Q1iK9nqhhvRB3pjwdVlW8dbCtuD7BDD3+Bpu9qomfvenfpT3bldS8hHr4u4A5RT1lqlq7kJpTPZRu67z05wo8wvxk
                vVi3tbLBXwM8TT4JPd1UYjtBXYQ8RbeZPQiu171aixK7I6szPXF3bLsMWnA7kLiXPRLicb0YUQQ8OcAAvQA3RD3/RI+85/rpvEfI
                4L2ekEi9h34BvX+aAr0M67c8GIMXvUSSK70D3QG9Drwiu1nHUr23i8o9kQtEPbmNmLt9laC6qv/IPQ3QbTxkD5K9Py15vT9bEb0w
                EQo8qRUPvbryM7zBmx29Kj4hPbCawbylNgW9qMPMu2VgnD0m3Q89Fna5vYkgMr09zyW9swgcPOS7IL1yG8I6qmX7PNtPsT0uU1C8
                9GKNvZOAnzxnyJe9j4JaPbgDlT3eIOi82IhbPM+s7DyaNx87
                """
        ),
        Example(
            text: "A cat sits on the mat.",
            tokens: 9,
            data: """
                c5IBPn6OBr15Du68GuQ1PbbzMb0MeAM9LRBFPcq24jx9QoM73igcPZ+8/Lw4yZI9iyAHPfBCGz0SCaS8bPgmveYdi70BKrW8U2m5
                Pcb+Oj1aUUa9FvJLPKZbijypg6K9wtI3veZPmD1FLx29wcHJvJbU8jznm368y0Z9vUpRkLty8eI6i4o/PWslxzwXm629Qk4bPDsf
                bL1lFRg9fHG+PB7ygz2N5M480VGdN3Jgmr1gPTo82qQjvNk+rT0FTeq9krhdPUa43bp/Ocq9pcl4PeiHDT2+gQg9rVXtveIJbb0q
                ZpM9RaJuvc88yrv/TGS9zMrevJATMj2CuLI9Oi+RPY4rOD3PL0m9ecCIvTfur7yqMyA8Y4VdPRDV6ryZWBM9PNrDPJF6CrzYDye9
                9IUNvcq3Iz5bgvA7Yl+bPSmlJD2lJVo7IgycPRzkyz3IKhg9bDGRvP14Jz2IaRo9irAUPVB1hLx2RYK9HxaSPRQkTj2/lbG8ophy
                PdaALr0gehS9HaurvIZldT3Kjzc6ycXyPEkyv7xzoO48cGO2vGye3j2N3GK9zxPUPLTr1zyWAQK8jLEvO+dO7LwjlM+8U0TMuzYJ
                373eI2093RS1Otk/YT2DVeo8wkilvS9S+TwLUSK9EE8zPUPX671HGHg6zIysPLLkUL3l2CC9lXuVvU3LFIrk35i9ttvBvIL43bwd
                tbG9K/ObPQuHi7y4GBG8HmNSPELIjb3OWyg7a/WkvGWdEjys/q08DDljvF3WFL3ZO2i9f4pgPPWbBL2doh29EmazvADgwD3i2i88
                /AXOPJ6klLu/Z0M8blqQvdQaPD3zGTG9EznHvObSf7zgnwU8m/EJvc8GrjxKzP08s5lQvbhfBb3avCK9hF5WPWiVtruxR2g8EL+R
                PVU0WTxx77c9g8uFPSU707oupbw8y0ArvSc7MD1FEQ09DDAgPQCNlT0QNZ289J28PLGQz707LBK9WdtVvWvTMr1imNy9gi+ivPve
                ez1j3Le7WhcXvovSRj09n+W88oPiPHOgfb1rs409mkGmvUb0nz305mA9LDdmvVnTvT1YK5866kiIvfaUVrzQBpS99ct8vAddELye
                mn+9BZp9PAxGOz1S5tg7QdftPCRDMz2Nfuu8US1ju38UUL1vMmQ9wS9PvV0Z/jwZb0U9AoFCPerPOzyuMJC9AcAwPS1Zugntk5i9
                OdRIvXWmTr3RPF283me2vR420zw8TY4997ZFPSzVkL1ogIE9eyBEPep95D1CFoU9xvYaPQjcWzxb1d08tkbSvWzmZb1XWhk9P5Un
                vch5Q73hxCQ9qQuiO4M+wzxNfxu7jQSIPQyhvTwmZjm77FvCudUQ8L0fCwu9x+LqvBpXjLySa4889xZHPSPuBj1hAp+9WgOXvd9B
                Zr3BkPm7vRf3O98t2DzlUDq9xI0VvUaLCL2QP2k8/+PBvG3RjT17ynA9efnxPETNSDo30Si9Rv1VPdiphT3zbXA9agXrPSLAbL0f
                9re5KFIkvWOJyT2X3E49WmPkPD1gqT3ZUfC8rcgXvUyhor0WUqq8QPuXver9IbyhnXY8Thy7PGuGzT1Lsce80JALvPTBMD3iFVc9
                Wne3PbsyqzxEXDS9u0kfvRLkuLw4GFY8PAAdvGCK07z6hJs8r0KqvPbOObzfp3c8sQAPvVoC6rz01Ic9J1iSvcERfjwYFOG8Cns8
                vQQkibJUwdS9p1bOvH6egr2Dn8u8MFmMvDakTDxBBRG8tO45vurXqDyKK6A8Z18DPXAUXL3BRi480IbuvMWYjTwMM5o9aaK8vXpf
                CDlwEwY9oLMePVQSGr17prk8m7rMvYrTGz3nJrE8PqPIvP7MY71qskY9W0DhPPKyE71Qtxo9+eUpvdPoRD0dW12931Pzu44fC72r
                iM885IK+veVviT2nFzS83tLmPVEqCzwjvpY9w7jEvC8bXL1ZuoI9ADmiPCMXPb12c3o9L/w3PajnYLyEgMY8rdScOoBtzDm4TLK9
                pcVGvZdnODyBjEE8G2DKPKYeSz0saeM7Fis1PYrVgTxQJYM9
                """
        ),
        Example(
            text: "Café prices rose by 3.5%, naïvely!",
            tokens: 14,
            data: """
                93OLPSGMUr30pu08dauMPaPJgT0fyqm7SPQwOmdq/7wzgvc8+gMevFw1ST1XHZy8q+AiOlaVdrxip7k94Rp1vf9vNj3ZyJi8Phw1
                vVplpbxPOni9oQJlvatjKD3SESA9FiQrPrBfALyT1Ec9vnOrvKqb0zuoYw+9WDvxvQNBvD0lxJA8MTxrvegJ0zwDDwS9RbZUPc1w
                Vb0M1R48Ysx7PZRkCL0l6Ye9jB9pvYzJrzwpCRI9diUAPYOWj7kGQ0g97ZKMPE1MEjyZt6O9etlRPUlw3LvSxBW+WavNvPL3ZL0G
                GFI6a9S0vFMn5z2QGYw9nn2svPTShLw1vNu7RaZmPbKTqT2ihVu9RWGovdoeWbyIhDi9cEczutkKsTwdYUM8d7yTPVm6wb0ce4K8
                jguFOlVm+j3ysN08KYRwO6SJ9LtbjYk6naq9vBj9Hb3XHGM9vAYxPCKmfr0kHsM8dJemvQrisLryHp+8T0VePah7ULutmbm9T88o
                PQcGvbyhd3E952F2vQlkI70SiJi89dhsPcFRAb2W4ps94NaJvDw31ruB8wS9mJ1xvREUEb1ptz09KbYkPV9abz0ZZ2W9eltnveTs
                Hr1OJO47FYavvX6bsLz50dI96xznvfMdwTwZAYg9dr6SPNlTij30ihe9bx2cu46Imb3p6ri78qDvPDvqEIkwe5q9nAQIPRq3sLwi
                7m88j86nPGNVvbwUtHq9IFeou5RYyDzj7Dg9Zu26u7kmOD3xXAg8ZGJdPI2lAr2bayK9vqqKvU+JfDye6wE9ssQhvGc8Nr0hTFI8
                o2EcPWG6Aj0roh29g0YWPfqczzwoXBs9xrV1PdmGoTxon4Q9ksGMOsqvNz0I+0+9zU7LvbZP5jyCntY8lYojveTtmbsLPMo94hT5
                vfu+AL2wTlE6Wsx2u7NpaL02Jfg8UG/nu6uMQr0HzNO8xYKyu4tOsL1YW4s797KmvPVvwD3Zjho8Pv+zvb4fPLzRu9Q7n/QhPQJ0
                D7wUAna8oDjaPRlhKj1Pch29mMDBvYcV7TugcRk9Fm2QPYTDm7wzvbA9apSxPSSikj0yW767zmR/uQRu37vDBJk8UA4BvdsDaz0X
                nNM9K58SOVHhdz3uc9C8QiuhPXGV8LyfaEY7577YPGH1nz3RGpe9xFBHvLbCgbzOqgI8f90wPRwktT1pVSK9IKSXOwKTlwhJESg8
                c06vPS9OFL3VGUy8odXjvetzYLyoOUm7o1sZvS0k8LyqA5I62aiovU4HJD23/9C7frV5PYnod706uBu5E8PNPaAaPbwK2ay7f6nB
                vKd7lr0R3Aw9RO5Vvc9bBj4DLi695KhpPTMzNL3DYmC8MDSZvf6AL718RAS+vOsUvRXOBjzVLYo701KhO3AEYj23Ef+8clS/vH65
                xrun2Is9b7dMu6MKzLrLmWS9dZCQPHbKDz3vgEa9leMrPUcMIL391Kc9e1ecPNEQLz1lIIg8CqmWu4FeAj3yHqq9QfIlPdSyfz0l
                DiU9HM6IvXtUYD1hsOY8niaHPVwNPzzJZp08BofyPZty1Txx7ds84wwPvV2z2T0szBK9BzVIPdYIejwJkKC8bdtKPAHyzL3A2ZQ8
                4jKEPZHlpj3epwQ97d9wvCVUQD0BUyO8wZUTPToMyLyqrK29MYAdvWZsgT2ZsAi9NDVSvCZTwDxYxde9LCmvO7y9i70f2R091fuq
                PECXm7Kgxv87pWnkvAysOTyjbQI+PIZWPViehDyWybk8C+B0Pa6LdLzNWUI9tOpPve2Zwzw/YXC9OfH1PG5wEzwPyfK6C1sBPRQm
                Tz3dPa+6de82vHsitTw9WeY9tOSqPHt+lL3WMvW6b1mtOeUxV73UuZ09fZkVvdZhMr36+y+9qFOwvSfuE70XF4e8Z7e4PI20DD1J
                x5a97mRVvNXG77yWrsu8EJDxvfDMsL3gdlO9eBU7vacxZr0ylK28JKWFvTXkhD0lrZe7hKaYvIiXG7zermQ9XTAnPZpSCDzTMSE8
                eMCGvV0HFr2APww999XdvV1dbD27vYY6f1CEvYNfpL25dCo8
                """
        ),
    ]
}
