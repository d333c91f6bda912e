// SPDX-License-Identifier: GPL-3.0-or-later
//
// What a fuzz target says when a law is broken: one line, then abort, which libFuzzer keeps as a finding.
#pragma once

#include <QByteArray>

#include <cstdio>
#include <cstdlib>

namespace postern::test {

inline void require(bool law, const char* what, const QByteArray& about = {}) {
    if (law)
        return;
    std::fprintf(stderr, "broken law: %s: %s\n", what, about.toPercentEncoding(" :/@\"").constData());
    std::abort();
}

inline QByteArray bytesOf(const unsigned char* data, size_t size) {
    return QByteArray(reinterpret_cast<const char*>(data), qsizetype(size));
}

} // namespace postern::test
