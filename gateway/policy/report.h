// SPDX-License-Identifier: GPL-3.0-or-later
//
// Collects what compiling has to say and puts it in the order of the text.
//
// A problem inside a table file stands where the table is defined. Of each severity kMostSaid are kept and the rest is one
// line, so that a hostile file costs little and no flood of notes can hide an error.
// Thread: a value.
#pragma once

#include "config/file_set.h"

#include <array>
#include <vector>

namespace postern::policy {

inline constexpr int kMostSaid = 1000;

class Report {
  public:
    explicit Report(const config::FileSet& set); // begins with what parsing said

    void say(config::Severity severity, const config::StatementView& at, std::optional<config::Range> range,
             QByteArray text, QByteArray suggestion = {});
    void error(const config::StatementView& at, QByteArray text) {
        say(config::Severity::Error, at, {}, std::move(text));
    }
    void error(const config::StatementView& at, config::Range range, QByteArray text,
               QByteArray suggestion = {}) {
        say(config::Severity::Error, at, range, std::move(text), std::move(suggestion));
    }
    void warning(const config::StatementView& at, QByteArray text) {
        say(config::Severity::Warning, at, {}, std::move(text));
    }
    void warning(const config::StatementView& at, config::Range range, QByteArray text) {
        say(config::Severity::Warning, at, range, std::move(text));
    }
    void note(const config::StatementView& at, QByteArray text) {
        say(config::Severity::Note, at, {}, std::move(text));
    }

    void inOtherFile(const config::StatementView& at, const QByteArray& file, int line,
                     QByteArray text, config::Severity severity = config::Severity::Error);
    void aboutTheFile(config::Severity severity, QByteArray text); // the main file as a whole

    bool isFull(config::Severity severity) const { return m_said[size_t(severity)] > kMostSaid; } // no more of it is kept
    config::Diagnostics inOrder() &&;

  private:
    struct Item {
        int file;
        qsizetype offset;
        config::Diagnostic diagnostic;
    };
    int fileNumber(const QByteArray& file) const;
    void keep(Item item);

    QByteArrayList m_files;
    std::vector<Item> m_items;
    std::array<int, 1 + size_t(config::Severity::Error)> m_said{}; // by severity; that is the last
};

} // namespace postern::policy
