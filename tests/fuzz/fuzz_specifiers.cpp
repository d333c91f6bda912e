// SPDX-License-Identifier: GPL-3.0-or-later
//
// Any text with any values filled in, in every era and place: no value brings along what a shell or a path obeys, and nothing
// grows without bound. The input: text, sender, recipient, destination and user, separated by NUL.
#include "delivery/specifiers.h"
#include "require.h"

#include <QByteArrayList>

#include <algorithm>
#include <array>

using namespace postern;
using namespace postern::delivery;
using postern::test::require;

namespace {

bool isOneLine(const QByteArray& text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// Of each character at most as many as the text itself has.
void bringsNone(const char* characters, const QByteArray& out, const QByteArray& text) {
    for (const char* c = characters; *c; ++c)
        require(out.count(*c) <= text.count(*c), "a value brings none of these along", QByteArray(1, *c) + " in " + out + " from " + text);
}

void check(const QByteArray& text, const SpecifierValues& values, policy::Era era, SpecifierPlace place) {
    const auto out = expandSpecifiers(text, values, era, place);
    if (!out) {
        require(!out.error().text.isEmpty() && isOneLine(out.error().text), "an error is one line", out.error().text);
        return;
    }
    require(out->size() <= 1024, "a result has an end", text);
    require(expandSpecifiers(text, values, era, place).value_or(QByteArray()) == *out, "twice is the same", text);
    const bool isRaw = text.toLower().contains("raw");
    switch (place) {
    case SpecifierPlace::Text: break;
    case SpecifierPlace::Command:
        bringsNone("\n\r\"\\;<>()", *out, text);
        if (!isRaw)
            bringsNone("$`|&'*?~#![]^/ ", *out, text);
        break;
    case SpecifierPlace::Path:
        bringsNone("\n", *out, text);
        if (!isRaw)
            bringsNone("/", *out, text);
        require(!out->split('/').contains("..") || text.split('/').contains(".."), "no value leads to the folder above", text);
        break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, size_t size) {
    const QByteArrayList parts = postern::test::bytesOf(data, size).split('\0');
    SpecifierValues values;
    values.sender = parts.value(1);
    values.recipient = parts.value(2);
    values.destination = parts.value(3);
    values.user = parts.value(4);
    values.home = "home"; // ours: anything is allowed in it
    for (const auto era : std::array{policy::Era::Map2012, policy::Era::Legacy, policy::Era::Modern})
        for (const auto place : std::array{SpecifierPlace::Text, SpecifierPlace::Path, SpecifierPlace::Command})
            check(parts.value(0), values, era, place);
    return 0;
}
