// SPDX-License-Identifier: GPL-3.0-or-later
//
// Optimal string alignment over three rows of the usual table; words are keywords, so they are short or not worth a look.
#include "config/suggest.h"

#include <algorithm>
#include <array>

namespace postern::config {

namespace {
constexpr qsizetype kLongestWord = 40;
}

int editDistance(QByteArrayView a, QByteArrayView b, int most) {
    const int far = most + 1;
    if (a.size() > kLongestWord || b.size() > kLongestWord || std::abs(a.size() - b.size()) > most)
        return far;
    using Row = std::array<int, kLongestWord + 1>;
    Row older{}, last{}, current{};
    const auto width = size_t(b.size());
    for (size_t j = 0; j <= width; ++j)
        last[j] = int(j);
    for (size_t i = 1; i <= size_t(a.size()); ++i) {
        current[0] = int(i);
        for (size_t j = 1; j <= width; ++j) {
            const char x = a[qsizetype(i) - 1];
            const char y = b[qsizetype(j) - 1];
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + (x == y ? 0 : 1)});
            if (i > 1 && j > 1 && x == b[qsizetype(j) - 2] && a[qsizetype(i) - 2] == y)
                current[j] = std::min(current[j], older[j - 2] + 1);
        }
        older = last;
        last = current;
    }
    return std::min(last[width], far);
}

QByteArray nearest(QByteArrayView word, const QList<QByteArray>& candidates) {
    const int most = word.size() <= 4 ? 1 : 2;
    int best = most + 1;
    QByteArray result;
    for (const QByteArray& candidate : candidates) {
        const int distance = editDistance(word, candidate, most);
        if (distance < best && distance < candidate.size()) {
            best = distance;
            result = candidate;
        }
    }
    return result;
}

} // namespace postern::config
