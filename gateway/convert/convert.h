// SPDX-License-Identifier: GPL-3.0-or-later
//
// A configuration rewritten for another reader: the same meaning in the words of an OpenSMTPD release, old or new.
//
// Works statement by statement on the lossless tree: comments, blank lines, order and macros stay, and a statement that
// needs no change keeps its bytes. What means something else afterwards, or can't be said there, is in the report with its
// line; what is left out of the text stays in it as a comment. A rule whose delivery can't be said becomes a reject, so that
// no later rule takes its mail; one whose conditions can't be said is left out. Included files are rewritten with it, each by itself, as far as they need it: names of actions are given
// once for all of them, and what the output can't hold is in the report, so that no mix of dialects is left unnoticed.
// Converting for Postern changes nothing: it reads every dialect as it is.
// An output that is one of the included files is refused: it would be written over.
// Laws: a text that is right for the target comes back byte for byte; converting twice is converting once.
// Failure: none but unreadable files; a text with syntax errors, in an included file too, or with several dialects is refused
// with its diagnostics.
// Thread: any; reads files, writes none.
#pragma once

#include "base/file_store.h"
#include "config/diagnostics.h"
#include "config/target.h"

#include <optional>

namespace postern::convert {

enum class RemarkKind : quint8 {
    Changed, // said in other words that do not mean quite the same, or that had to be guessed
    Lost,    // the target has nothing for it
    Note,    // good to know
};
QByteArrayView toString(RemarkKind kind); // "changed", "lost", "note"

// One line of the report. Texts are English, one line, and hold no secret.
struct Remark {
    RemarkKind kind = RemarkKind::Note;
    QByteArray file;
    int line = 1;   // 1-based, of the original
    int column = 1; // 1-based, in bytes
    QByteArray text;

    QByteArray print() const; // "FILE:LINE:COL: lost: text"
};

// An included file that needs a new form.
struct ConvertedFile {
    QByteArray from; // its path
    QByteArray to;   // where the include names it now; "" = no output file was given, the include is as it was
    QByteArray text;
};

struct Converted {
    bool isRefused = false;          // syntax errors: then there is no text
    config::Diagnostics diagnostics; // of the original, only if refused
    QByteArray text;
    std::vector<ConvertedFile> included; // in the order of reading
    std::vector<Remark> report;          // file by file, each in its order

    bool lostSomething() const;
};

struct Options {
    std::optional<config::Dialect> dialect = {}; // override detection
    QByteArray out = {};        // where the text will be written, absolute: included files get names beside it; "" = nowhere
    bool takesIncluded = false; // without `out`: the caller hands on `included`, too
};

Result<Converted> convert(FileStore& files, const QByteArray& path, config::Target target, const Options& options = {});
Converted convertText(FileStore& files, const QByteArray& path, const QByteArray& text, config::Target target,
                      const Options& options = {});

} // namespace postern::convert
