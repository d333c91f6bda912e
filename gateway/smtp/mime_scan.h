// SPDX-License-Identifier: GPL-3.0-or-later
//
// Finds out, while a message streams by, where its octets beyond ASCII are and how they could be coded for a peer that
// takes seven bits only.
//
// Changes nothing: the plan it makes is carried out by SevenBitEncoder. Never guesses: what is signed, what is not labelled
// as it is, and what lies deeper or in more parts than anybody sends, is left alone, with the reason. Keeps the beginning
// of one line, three fields of one header and a stack of at most kMaxDepth boundaries; no recursion (L08).
// Thread: a value. Spec: RFC 2045 §5, §6; RFC 2046 §5.1, §5.2.1; RFC 6152 §3; RFC 6532 §3; RFC 1428 (unlabelled text).
#pragma once

#include <QByteArray>

#include <vector>

namespace postern::smtp {

struct SevenBitPlan {
    enum class Code : quint8 { Replace, QuotedPrintable, Base64 };
    struct Edit {
        qint64 from = 0, to = 0; // octets of the message
        Code code = Code::Replace;
        QByteArray text;         // Replace: what comes instead
    };
    std::vector<Edit> edits;     // in order, never overlapping
    QByteArray refusal;          // why it cannot be done; "" = it can
    bool headerNeedsUtf8 = false; // an octet beyond ASCII in a header field, of the message or of a part
};

class MimeScan {
  public:
    static constexpr size_t kMaxDepth = 20;
    static constexpr size_t kMaxEdits = 2000;

    MimeScan() { m_entity.isTop = m_entity.isMessage = true; }

    void feed(QByteArrayView content);
    SevenBitPlan finish();

  private:
    enum class Place : quint8 {
        Header,
        Leaf,   // a body that can be coded
        Opaque, // a body that cannot; m_opaqueWhy
    };
    struct Frame { // a multipart that is open
        QByteArray boundary;
        bool digest = false;
        size_t messages = 0; // m_messages around it
    };
    enum class Field : quint8 { Other, Type, Coding };
    struct Entity { // whose header or body is being read
        qint64 bodyFrom = 0, codingFrom = -1, codingTo = -1; // the Content-Transfer-Encoding field, whole
        QByteArray type, coding; // raw values
        bool hasMimeVersion = false, hasType = false;
        bool isTop = false, isMessage = false, inDigest = false;
        bool text = true;
        bool eightBit = false;
    };

    void line(QByteArrayView start, qint64 from, qint64 end, bool eightBit); // end: behind its line end
    void headerLine(QByteArrayView text, qint64 from, qint64 end);
    void endOfHeader(qint64 at, qint64 bodyFrom);
    void closeLeaf(qint64 end);
    bool isBoundary(QByteArrayView start, qint64 from);
    void beginEntity(bool isMessage, bool inDigest);
    QByteArray* fieldText();
    void relabel(const QByteArray& coding);
    void edit(SevenBitPlan::Edit one);
    void refuse(const char* why);
    void opaque(const char* why);

    SevenBitPlan m_plan;
    Place m_place = Place::Header;
    Entity m_entity;
    std::vector<Frame> m_frames;
    size_t m_messages = 0; // message/rfc822 bodies around the place we are at
    const char* m_opaqueWhy = "";
    Field m_field = Field::Other; // that a continuation line belongs to
    qint64 m_headerEnd = 0;

    QByteArray m_partial; // beginning of the line under way
    qint64 m_lineFrom = 0;
    qint64 m_at = 0;
    bool m_lineEightBit = false;
};

} // namespace postern::smtp
