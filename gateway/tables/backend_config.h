// SPDX-License-Identifier: GPL-3.0-or-later
//
// The configuration file of a table that a database, a directory or a program keeps: "key value" or "key: value", one a line.
//
// Lines that begin with # and blank ones don't count. An unknown key is a warning, and so is one that stands twice: the first
// counts, or the last where the real readers take the last. What is wrong is a problem with its line; nothing here fails.
// Thread: pure.
#pragma once

#include "tables/backend.h"
#include "tables/table_text.h"

namespace postern::tables {

// What a table statement says of its backend.
struct BackendSource {
    QByteArray table;          // its name
    QByteArray path;           // see BackendPath; "" = none written
    QByteArray text;           // what a configuration file there holds
    bool mayNameUsers = false; // userinfo with the user's name in front, as until 2014
    char subAddressDelimiter = '+';
};

struct MadeBackend {
    BackendMaker make;                  // null: it cannot be asked, and a problem says why
    std::vector<TableProblem> problems; // of the file
    bool holdsSecret = false;           // the file should be read by nobody else
    bool mayNameFiles = false;          // its aliases may: only the administrator makes them
};

class BackendConfig {
  public:
    enum class Twice : quint8 { FirstCounts, LastCounts };
    struct Key {
        QByteArrayView name;
        Twice twice = Twice::FirstCounts;
    };
    struct Line {
        int number = 0; // 0 = not written
        QByteArray value;
        bool isWritten() const { return number > 0; }
    };

    BackendConfig(QByteArrayView text, const std::vector<Key>& keys);

    const Line& line(QByteArrayView key) const; // of a key that was asked for
    QByteArray value(QByteArrayView key) const { return line(key).value; }
    void complain(int line, QByteArray text) { problems.push_back({line, std::move(text), false}); }
    bool isUsable() const; // no problem but warnings

    std::vector<TableProblem> problems;

  private:
    std::map<QByteArray, Line> m_lines;
};

} // namespace postern::tables
