// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any bytes where a ClientHello belongs: more is only asked for within the limit, and a name is one that a host can have.
#include "require.h"
#include "tls/client_hello.h"

#include <algorithm>

using namespace postern;
using postern::test::require;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArray peeked = postern::test::bytesOf(data, std::min<size_t>(size, size_t(tls::kMostHello)));
    const tls::ClientHello hello = tls::readClientHello(peeked);
    if (hello.state == tls::ClientHello::State::NeedMore)
        require(hello.wanted > peeked.size() && hello.wanted <= tls::kMostHello, "what is wanted can come", peeked);
    const bool plain = std::all_of(hello.serverName.begin(), hello.serverName.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    require(plain && hello.serverName.size() <= 253, "a name is harmless", hello.serverName);
    (void)tls::speaksSomethingElse(hello);
    return 0;
}
