// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any bytes as the value of an alias, a .forward file or an :include: file, in every era: what is taken can do no more than its
// kind says, and means the same when it is written again.
#include "delivery/destinations.h"
#include "require.h"

#include <algorithm>

using namespace postern;
using namespace postern::delivery;
using postern::test::require;

namespace {

bool isOneLine(const QByteArray& text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void check(const Destination& one, policy::Era era) {
    require(isOneLine(one.text), "a destination is of one line", one.text);
    require(!one.text.isEmpty(), "a destination is something", one.text);
    switch (one.kind) {
    case DestinationKind::Reply:
        require(one.text.size() > 4 && (one.text[0] == '4' || one.text[0] == '5') && one.text[3] == ' ',
                "a reply refuses", one.text);
        break;
    case DestinationKind::Include:
    case DestinationKind::File:
        require(one.text.startsWith('/'), "a file has its whole path", one.text);
        break;
    case DestinationKind::Maildir:
        require(era != policy::Era::Map2012, "maildir: is younger", one.text);
        break;
    case DestinationKind::Command: break;
    case DestinationKind::Address: {
        const qsizetype at = one.text.lastIndexOf('@');
        require(at > 0 && at + 1 < one.text.size(), "an address has both parts", one.text);
        require(!one.text.contains(' '), "an address holds no space", one.text);
        break;
    }
    case DestinationKind::User:
        require(!one.text.contains('/') && !one.text.contains('|') && !one.text.contains('@') && !one.text.contains(' '),
                "a name is no path, command or address", one.text);
        break;
    }
    if (one.kind == DestinationKind::User || one.kind == DestinationKind::Address) {
        const auto again = parseDestinations(one.text, era);
        require(again && again->size() == 1 && again->front() == one, "what was read means the same", one.text);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArray text = postern::test::bytesOf(data, size);
    for (const policy::Era era : {policy::Era::Map2012, policy::Era::Legacy, policy::Era::Modern}) {
        if (const auto value = parseDestinations(text, era))
            for (const Destination& one : *value)
                check(one, era);
        if (const auto file = parseDestinationFile(text, era))
            for (const Destination& one : *file) {
                require(one.kind != DestinationKind::Include, "a file includes no other", one.text);
                check(one, era);
            }
    }
    return 0;
}
