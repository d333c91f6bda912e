// SPDX-License-Identifier: GPL-3.0-or-later
//
// Configurations of the action/match dialect out of a seed: whole ones that use every statement and option, and ones with a
// few faults in them.
//
// Files, interfaces and users that a good one names exist, so that a reader refuses it for its text alone.
// Thread: one. The same seed gives the same text as long as this file is not changed.
#pragma once

#include <QByteArrayList>
#include <QRandomGenerator>

namespace postern::test {

struct GeneratorFiles {
    QByteArray cert, key, ca; // PEM files that fit each other
    QByteArray table;         // keys with values
    QByteArray included;      // a configuration
};

class ConfigGenerator {
  public:
    ConfigGenerator(quint32 seed, const GeneratorFiles& files) : m_random(seed), m_files(files) {}

    QByteArray good();                           // nothing wrong as far as we know
    QByteArray mutated(const QByteArray& text);  // one to three changes, each perhaps a fault

  private:
    bool chance(int percent) { return m_random.bounded(100) < percent; }
    const QByteArray& oneOf(const QByteArrayList& list) { return list[m_random.bounded(int(list.size()))]; }
    QByteArray quotedOrNot(const QByteArray& word);
    QByteArray braces(const QByteArrayList& items, bool mayBreak = true);
    QByteArray list(const QByteArrayList& items) { return chance(40) ? quotedOrNot(oneOf(items)) : braces(items); }
    QByteArray mapping();
    QByteArray listTable(const QByteArrayList& items);
    QByteArray mappingTable();
    QByteArray options(QByteArrayList from, int percent);
    QByteArray time() { return oneOf({"30s", "15m", "4h", "3d", "\"12h\""}); }
    QByteArray size() { return oneOf({"35M", "1000000", "1.5m", "\"20K\"", "2g"}); }
    void add(const QByteArray& line);

    void macros();
    void settings();
    void certificates();
    void tables();
    void filters();
    void listeners();
    void actions();
    void matches();
    QByteArray condition(const QByteArray& word);

    QRandomGenerator m_random;
    GeneratorFiles m_files;
    QByteArray m_text;
    QByteArrayList m_lists, m_mappings, m_filters, m_chains, m_actions, m_wrappers;
    bool m_hasSrsKey = false;
};

} // namespace postern::test
