// What a TPM (swtpm 0.7.1) said of itself: three endorsement keys, an attestation key of each kind,
// two keys of a device, what the attestation keys certify of them with the nonce 00 01 .. 1f,
// Names as tpm2_readpublic gives them, and the SubjectPublicKeyInfo of the certificates that it has
// of two.
#pragma once

#define TPM_EK_RSA                                                                                 \
    "013a0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b3314"         \
    "69aa00060080004300100800000000000100a34b1ca962f1f62819685b89d8f712005fd63b320849b757"         \
    "d6d7ab0b4f1ebecc94999a9e8b1b03fddb6ab19adbccfc4c319bd04e905ba94591c563f5905217c85e6b"         \
    "c23984ac21c0b4fea8881bbc83d877476152ac8ac2ff0f4686e206e3b79465211fcb50b2de53353b8781"         \
    "155a19f97edb70c7c705ab889efb74b6a17993a084f957f72c75b846c7367fcb56f782644f1cf01b4d18"         \
    "80d88a8026655d8b4eb1bc71a4e4095bef08f301ee60a73f2b2c74716f4edec5dcf2fc9abfa07db1d0d9"         \
    "e18720ff9e4e598ab0db5cc4d753c4ef30675ac09364e559f3f543c3ac45a1c2ad588ef93aa5c9332e28"         \
    "19b125acae8f5c23374b466d4a9a7b26c3eafb7a55b5"
#define TPM_EK_P256                                                                                \
    "007a0023000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b3314"         \
    "69aa00060080004300100003001000202731ac83dbc9629f16065d4a418ff1e2c0525c6ba6487c373c5f"         \
    "8d5cef27b8840020f0f57176b62ba16895db0697aa8bf1516f12a2455fef51527be38bee8b7c5b2e"
#define TPM_EK_P384                                                                                \
    "00aa0023000c000300f20030b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde4"         \
    "19cacb47ba09699646150f9fc000f3f80e1200060100004300100004001000309950e6a936bcba25c43b"         \
    "0db1410aff417c27755b59f5cfe675be33e986ad6e1b36a8fa3173d337427547006d27f8f663003031d6"         \
    "59eabc9ae5a549fe9ee3e53a01497d3cb7bb185b48dda296fae8e77cb157deede19800dd148029253549"         \
    "bdaf16c9"
#define TPM_AK_ECDSA                                                                               \
    "00580023000b00050072000000100018000b000300100020ea6515cf976ff20de15cfccedc10b10ad170"         \
    "a882b7db6d01175c69128b31ae42002001298c73ac7aa04d71b3e90aa3c89501baa5999501fc160f0510"         \
    "e5e4e3df5b5a"
#define TPM_AK_RSASSA                                                                              \
    "01180001000b00050072000000100014000b0800000000000100f34cc8784106bb7b6fde7240a895da05"         \
    "030709ce24aaf5899d83dd559d5f2b5c6d9a2754732eaedfbeb0b9f06ebdea6652b9781eccd00ce7a114"         \
    "1e2b2f7a74bc29f2431e2237097978eab7e2dbba33730a0a3f63c99009fea50da5187d5aaedcb695d161"         \
    "93fd8bb4fb965f2afa5f52bd6e7d4eb4cf5786b2bd26eb0dab02d3955a1fd11cee799f9299ae6ff30b4b"         \
    "7b8051d28799f948656da39afe2539ca9efcecc483e529177cfe530ed8b6382d682140023399dea0e945"         \
    "a9d5b5e0a0fb209bd7e4effad9258f520b2c9ce879116d74deee2b16490bb10f88a9f015480b9a8821d8"         \
    "92dfd578608381895bd91ddc55cdc0bd49880825f563aadc08b361bd2859"
#define TPM_KEY_P256                                                                               \
    "00560023000b000404720000001000100003001000206a466026f2e371647903a490eacfdf9fb9b4eca8"         \
    "6aa599a3ba290e549022543a002060b942930706b0cf7829250870dbc4c1dde1abb1257bd8f5aad0b470"         \
    "a1d5a883"
#define TPM_KEY_RSA                                                                                \
    "01160001000b000404720000001000100800000000000100a923c1d0172b31ef7ff4aeb8a3d11436a44b"         \
    "ee9e89673292451c365958abc3d3ffec98d9e861d4159c7bb2c89fca731d9f05c83556fb1add370df434"         \
    "b0ff1b2407712cfeef974be421f1c854aafb9a499a70d589df8df13283f4b0b1531faffd133314e7ec25"         \
    "7b871328e3d51c5fd07c95146a208457bf6ea94dcd261d61a6c3830227d65a983b88cc04650fb25da0d6"         \
    "0e0c63ba8da8b647941810764fe73bc28a5af666dcc9a8308f87abe919b430c4775f74b2edbba40bcb5a"         \
    "1a191c505464f77a737148a200812ecc938f5bda842ef3c60e7e73bf7db3a897f0c83f157c5436e12692"         \
    "2785b87811bc0f3a7239e19759edb3d08440babc1cc92685259e2f49"
#define TPM_ATTEST_ECDSA                                                                           \
    "ff54434780170022000b2b120868be5a7a0cb6f88e0a7ba4e583e6862e4ae29286ba3f2be2f02d7926a0"         \
    "0020000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0000000000000dac"         \
    "00000002000000000120191023001636360022000bf0eb02443e937074b2f73ff3fe0e657f89c54e6c64"         \
    "ce9e55b3113bf1a68a93610022000bda6b377f41a7f0db9c8fa19a56153443325e6e4ac537ffc0f47943"         \
    "93a4c5a22f"
#define TPM_SIGNATURE_ECDSA                                                                        \
    "0018000b002091c948f164503edea959cfc69e92eb157ee0dc79c6a210e97807d548bf57945800202393"         \
    "cc62e06ea1dda5006626f7e595abdb0ece2bcda717eeaa582bdb0443db9a"
#define TPM_ATTEST_RSASSA                                                                          \
    "ff54434780170022000beab26df8f29d49055c2d5fbeae0f3c0ca87b0b5d25cf3030761938dec4c0ff1f"         \
    "0020000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0000000000000ddd"         \
    "00000002000000000120191023001636360022000b359ce65a792ec28a4966763338d81a537d68968b4f"         \
    "c9aec75c0f68d38ff024340022000b8bfcface5c0fa9e310f1c3f2254af45f2444c63b4fecf5d8f6d39b"         \
    "a131dd81d9"
#define TPM_SIGNATURE_RSASSA                                                                       \
    "0014000b01008f83b32ef538d6fd50bf5ec8f08edf6ad033bb114439628f0834be2a1e19435c9eaa170d"         \
    "afd6c1e5ebd2184508092c0530d12e72ebbb6f60adeb351d3595b89a9b6f15a9f3d9fe0f78c178c54e7d"         \
    "ae3eeb481ffd11cfab638ee5ffb29929267c2ee98e95c1eb5f78c0d5c162a7eb037e3220fffb2cd8f521"         \
    "1ce57f5cc95d88a0feb8da78e06a8fd7ce67ec02cfd42d4f917ed117b136aaafbab6a25a6c8d570472cc"         \
    "55fb5b68d4e01c1de163ad8d812d5afa2d5221406d349df6741add048f88ef4499964be27cb12263cfa9"         \
    "80a8314f6d1a3c454f9b1a6795bbd4a10cb1abaeeec75ba47c4ecae58870886676c3fdcfe84b0a06483a"         \
    "baf75f8dc0daf6619c28"
#define TPM_AK_ECDSA_NAME "000b3f44b5bf380f9ff8440ba7b73efdbd696ce6df21eda7e4fac13e580863319ff7"
#define TPM_AK_RSASSA_NAME "000b6059399b0f277fcf264ed639ba6feb44b60b6cd68430d9afe01a74e1262132f5"
#define TPM_KEY_P256_NAME "000bf0eb02443e937074b2f73ff3fe0e657f89c54e6c64ce9e55b3113bf1a68a9361"
#define TPM_EK_P384_NAME                                                                           \
    "000cb5570b3b9bc24d2be5a23fab2ffd835fa9f24cda67741131258ea836d9a522ee0fb2e204f3e20e25"         \
    "9be7dac475a57155"
#define TPM_EK_RSA_SPKI                                                                            \
    "30820122300d06092a864886f70d01010105000382010f003082010a0282010100a34b1ca962f1f62819"         \
    "685b89d8f712005fd63b320849b757d6d7ab0b4f1ebecc94999a9e8b1b03fddb6ab19adbccfc4c319bd0"         \
    "4e905ba94591c563f5905217c85e6bc23984ac21c0b4fea8881bbc83d877476152ac8ac2ff0f4686e206"         \
    "e3b79465211fcb50b2de53353b8781155a19f97edb70c7c705ab889efb74b6a17993a084f957f72c75b8"         \
    "46c7367fcb56f782644f1cf01b4d1880d88a8026655d8b4eb1bc71a4e4095bef08f301ee60a73f2b2c74"         \
    "716f4edec5dcf2fc9abfa07db1d0d9e18720ff9e4e598ab0db5cc4d753c4ef30675ac09364e559f3f543"         \
    "c3ac45a1c2ad588ef93aa5c9332e2819b125acae8f5c23374b466d4a9a7b26c3eafb7a55b50203010001"
#define TPM_EK_P384_SPKI                                                                           \
    "3076301006072a8648ce3d020106052b81040022036200049950e6a936bcba25c43b0db1410aff417c27"         \
    "755b59f5cfe675be33e986ad6e1b36a8fa3173d337427547006d27f8f66331d659eabc9ae5a549fe9ee3"         \
    "e53a01497d3cb7bb185b48dda296fae8e77cb157deede19800dd148029253549bdaf16c9"
