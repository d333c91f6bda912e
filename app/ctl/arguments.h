// SPDX-License-Identifier: GPL-3.0-or-later
//
// The command line of posternctl: global options, the command, its own options and words. Thread: a value.
// Wrong usage becomes a sentence and exit status 2 (UsageError); nothing is guessed.
#pragma once

#include "engine/profile.h"
#include "policy/relay_url.h"

#include <QByteArrayList>
#include <QHash>

#include <optional>
#include <stdexcept>

namespace postern::ctl {

struct UsageError {
    QByteArray text;
};

// Exit statuses of the command contract.
enum Exit { kGood = 0, kErrorsFound = 1, kUsage = 2 };

class Arguments {
  public:
    // `flags` take no value, `options` take one; both are long ("--json") or short ("-f") as written.
    // `repeated`: options that may be given more than once.
    Arguments(QByteArrayList words, const QByteArrayList& flags, const QByteArrayList& options,
              const QByteArrayList& repeated = {});

    bool has(const QByteArray& flag) const { return m_flags.contains(flag); }
    std::optional<QByteArray> value(const QByteArray& option) const;
    QByteArray required(const QByteArray& option) const; // UsageError if missing
    QByteArrayList values(const QByteArray& repeated) const { return m_repeated.value(repeated); } // in their order
    const QByteArrayList& words() const { return m_words; }

  private:
    QByteArrayList m_words;
    QByteArrayList m_flags;
    QHash<QByteArray, QByteArray> m_values;
    QHash<QByteArray, QByteArrayList> m_repeated;
};

// Options that every command takes: --profile DIR, --state DIR, -f FILE, --json, --dialect D.
engine::Profile profileFrom(const Arguments& arguments);
std::optional<policy::Era> dialectFrom(const Arguments& arguments);
std::vector<std::pair<QByteArray, QByteArray>> macrosFrom(const Arguments& arguments); // -D NAME=VALUE, repeated

} // namespace postern::ctl
