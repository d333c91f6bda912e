// SPDX-License-Identifier: GPL-3.0-or-later
//
// Content on its way in, with the address in its From field replaced; the rest passes octet by octet.
//
// The name beside the first address is kept ("Carol <x@y>" becomes "Carol <carol@office.test>"), further addresses and
// further From fields go: they would be other ways to name somebody else. Resent fields and bodies are not looked at.
// Holds one line, and a From field of at most kMostField octets; of a longer one only the address is left.
// Thread: a value. Spec: RFC 5322 §3.4, §3.6.2; `senders ... masquerade`.
#pragma once

#include <QByteArray>

namespace postern::smtp {

class FromMasquerade {
  public:
    explicit FromMasquerade(QByteArray address) : m_address(std::move(address)) {}

    QByteArray feed(QByteArrayView content); // lines end in CR LF; pieces may end anywhere
    QByteArray finish();                     // what was still held

    static constexpr qsizetype kMostField = 16 * 1024;

  private:
    void line(QByteArrayView text, QByteArray& out);
    void giveField(QByteArray& out);

    const QByteArray m_address;
    QByteArray m_partial; // beginning of a line whose end has not come
    QByteArray m_field;   // the From field so far, unfolded
    bool m_inField = false, m_tooLong = false;
    bool m_hasFrom = false;
    bool m_over = false;  // the header is
};

} // namespace postern::smtp
