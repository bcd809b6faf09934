// In the place of wire/include/wire/why.h: no reason has a text (a kilobyte of them in a boot
// loader).
#pragma once

#define reader_fail(r, why) reader_refuse(r)
