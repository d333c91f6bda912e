// SPDX-License-Identifier: GPL-3.0-or-later
//
// Arbitrary servers and events against smtp::ClientSession; support/client_laws.h says what must hold.
#include "support/client_laws.h"

#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArray broken =
        postern::test::brokenClientLaw(QByteArrayView(reinterpret_cast<const char*>(data), qsizetype(size)));
    if (!broken.isEmpty()) {
        std::fprintf(stderr, "broken law: %s\n", broken.constData());
        std::abort();
    }
    return 0;
}
