// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/tree/text_edit.h"

#include <algorithm>

namespace postern::config::tree {

Result<QByteArray> applyEdits(const QByteArray& text, std::vector<TextEdit> edits) {
    std::stable_sort(edits.begin(), edits.end(), [](const TextEdit& a, const TextEdit& b) {
        return std::pair(a.range.offset, a.range.end()) < std::pair(b.range.offset, b.range.end());
    });
    QByteArray out;
    qsizetype done = 0;
    for (const TextEdit& edit : edits) {
        const Range& range = edit.range;
        if (range.offset < done || range.length < 0 || range.offset > text.size() ||
            range.length > text.size() - range.offset)
            return Error{ErrorCode::Invalid, "an edit lies outside the text or overlaps another", Permanence::Permanent};
        out += QByteArrayView(text).sliced(done, range.offset - done);
        out += edit.replacement;
        done = range.end();
    }
    out += QByteArrayView(text).sliced(done);
    return out;
}

} // namespace postern::config::tree
