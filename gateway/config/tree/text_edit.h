// SPDX-License-Identifier: GPL-3.0-or-later
//
// A change to a text: ranges and what stands there instead. No byte outside the ranges is touched.
//
// Edits name ranges of the old text, in any order; they may touch but not overlap. Two insertions at one place keep the
// order in which they were given. Failure: an edit outside the text or overlapping another is refused whole.
// Thread: values.
#pragma once

#include "base/result.h"
#include "config/tree/syntax_node.h"

namespace postern::config::tree {

struct TextEdit {
    Range range;
    QByteArray replacement;
};

Result<QByteArray> applyEdits(const QByteArray& text, std::vector<TextEdit> edits);

} // namespace postern::config::tree
