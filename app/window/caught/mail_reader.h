// SPDX-License-Identifier: GPL-3.0-or-later
//
// Shows one message: headers, text or source, attachments. Plain text only; nothing is loaded, followed or opened.
// Thread: the GUI thread.
#pragma once

#include "window/caught/mime_reader.h"

#include <QWidget>

class QGridLayout;
class QLabel;
class QPlainTextEdit;
class QTabWidget;
class QVBoxLayout;

namespace postern::window {

class MailReader final : public QWidget {
    Q_OBJECT
  public:
    explicit MailReader(QWidget* parent = nullptr);
    void showMessage(const QByteArray& bytes, bool isTruncated);
    void showTrouble(const QString& words);

  private:
    void showHeaders(const ReadMail& mail);
    void showAttachments(const ReadMail& mail);
    QString notesOf(const ReadMail& mail, bool isTruncated) const;

    QGridLayout* m_headers = nullptr;
    QLabel* m_values[5] = {};
    QLabel* m_names[5] = {};
    QTabWidget* m_tabs = nullptr;
    QPlainTextEdit* m_text = nullptr;
    QPlainTextEdit* m_source = nullptr;
    QLabel* m_notes = nullptr;
    QWidget* m_attachmentsBox = nullptr;
    QVBoxLayout* m_attachments = nullptr;
};

} // namespace postern::window
