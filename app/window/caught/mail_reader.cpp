// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/caught/mail_reader.h"

#include "window/message/save_message.h"
#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/labels.h"
#include "window/words/file_name.h"
#include "window/words/phrases.h"
#include "window/words/safe_text.h"

#include <QGridLayout>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QVBoxLayout>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr qsizetype kMostSource = 1'000'000; // octets of source that are shown
constexpr int kMostAttachments = 20;         // rows
constexpr qsizetype kMostHeader = 300;       // characters of one header line; the source holds everything

QPlainTextEdit* makePane(const QString& name) {
    auto* pane = new QPlainTextEdit;
    pane->setReadOnly(true);
    pane->setUndoRedoEnabled(false);
    pane->setFrameShape(QFrame::NoFrame);
    pane->setAccessibleName(name);
    pane->setTabChangesFocus(true);
    pane->document()->setDocumentMargin(12);
    pane->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return pane;
}

// "multipart" has no face of its own; only types that people know get words.
QString dateWords(const QString& date) {
    const QDateTime when = QDateTime::fromString(date, Qt::RFC2822Date);
    return when.isValid() ? QLocale().toString(when.toLocalTime(), QLocale::LongFormat) : safeLine(date, 200);
}

} // namespace

MailReader::MailReader(QWidget* parent) : QWidget(parent) {
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_headers = new QGridLayout;
    m_headers->setContentsMargins(16, 12, 16, 10);
    m_headers->setHorizontalSpacing(12);
    m_headers->setVerticalSpacing(4);
    m_headers->setColumnStretch(1, 1);
    const QString names[5] = {tr("Subject"), tr("From"), tr("To"), tr("Copy to"), tr("Date")};
    for (int i = 0; i < 5; ++i) {
        m_names[i] = makeLabel(LabelKind::Dim, names[i]);
        m_values[i] = makeLabel(i == 0 ? LabelKind::Section : LabelKind::Body);
        m_values[i]->setWordWrap(true);
        m_values[i]->setTextInteractionFlags(Qt::TextSelectableByMouse);
        m_headers->addWidget(m_names[i], i, 0, Qt::AlignTop | Qt::AlignLeading);
        m_headers->addWidget(m_values[i], i, 1);
    }
    column->addLayout(m_headers);
    column->addWidget(new Hairline);
    m_tabs = new QTabWidget;
    m_tabs->setDocumentMode(true);
    m_text = makePane(tr("Text of the message"));
    m_source = makePane(tr("Source of the message"));
    m_source->setFont(theme::fixedFont());
    m_source->setLayoutDirection(Qt::LeftToRight);
    m_tabs->addTab(m_text, tr("Text"));
    m_tabs->addTab(m_source, tr("Source"));
    column->addWidget(m_tabs, 1);
    m_notes = makeLabel(LabelKind::Small);
    m_notes->setWordWrap(true);
    m_notes->setContentsMargins(16, 6, 16, 6);
    column->addWidget(m_notes);
    m_attachmentsBox = new QWidget;
    auto* outer = new QVBoxLayout(m_attachmentsBox);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->setSpacing(0);
    outer->addWidget(new Hairline);
    m_attachments = new QVBoxLayout;
    m_attachments->setContentsMargins(16, 8, 16, 8);
    m_attachments->setSpacing(4);
    outer->addLayout(m_attachments);
    column->addWidget(m_attachmentsBox);
}

void MailReader::showHeaders(const ReadMail& mail) {
    const auto shown = [](const QString& text) { return isolated(breakable(safeLine(text, kMostHeader))); };
    const QString values[5] = {mail.subject.isEmpty() ? tr("(no subject)") : shown(mail.subject), shown(mail.from),
                               shown(mail.to), shown(mail.cc),
                               mail.date.isEmpty() ? QString() : dateWords(mail.date)};
    for (int i = 0; i < 5; ++i) {
        m_values[i]->setText(values[i]);
        m_values[i]->setVisible(!values[i].isEmpty());
        m_names[i]->setVisible(!values[i].isEmpty());
    }
}

QString MailReader::notesOf(const ReadMail& mail, bool isTruncated) const {
    QStringList lines;
    for (const MailNote what : mail.notes) {
        switch (what) {
        case MailNote::FromHtml:
            lines << tr("Written as a web page; shown as text. Pictures and links are not loaded.");
            break;
        case MailNote::UnknownCharset:
            lines << tr("The letters are in an alphabet that is not known here, so some may look wrong.");
            break;
        case MailNote::TooManyParts:
        case MailNote::TooDeep:
            lines << tr("The message has unusually many parts; not all are shown. The source holds everything.");
            break;
        case MailNote::TextCut:
            lines << tr("Only the beginning of the text is shown.");
            break;
        case MailNote::DoubledField:
            lines << tr("The message says something twice that may be said once, so programs will differ in what they show. "
                        "Do not trust it; the source holds everything.");
            break;
        case MailNote::BadEncoding:
            lines << tr("Parts of the message are damaged and shown as they came.");
            break;
        }
    }
    if (isTruncated)
        lines << tr("This message is very large; only its beginning is shown. Save it to have all of it.");
    lines.removeDuplicates();
    return lines.join(u'\n');
}

void MailReader::showAttachments(const ReadMail& mail) {
    while (QLayoutItem* item = m_attachments->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    int number = 0;
    for (const MailAttachment& attachment : mail.attachments.mid(0, kMostAttachments)) {
        ++number;
        const QString fallback = tr("attachment %1", "file name of a part without a name").arg(number);
        const QString name = safeFileName(attachment.name, fallback);
        auto* box = new QWidget;
        auto* row = new QHBoxLayout(box);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(8);
        auto* icon = new QLabel;
        icon->setPixmap(lineIcon(u"file"_s).pixmap(16, 16));
        row->addWidget(icon);
        auto* label = new ElidedLabel(LabelKind::Body);
        label->setFullText(isolated(name));
        row->addWidget(label, 1);
        row->addWidget(makeLabel(LabelKind::Dim, sizeWords(attachment.content.size())));
        auto* save = new QPushButton(tr("Save…"));
        save->setProperty("small", true);
        save->setAutoDefault(false);
        save->setAccessibleName(tr("Save %1").arg(name));
        connect(save, &QAbstractButton::clicked, this,
                [this, attachment, fallback] { saveBytes(this, attachment.name, fallback, attachment.content); });
        row->addWidget(save);
        m_attachments->addWidget(box);
    }
    if (mail.attachments.size() > kMostAttachments)
        m_attachments->addWidget(makeLabel(LabelKind::Dim, tr("%n more; save the message to have them.", "attachments",
                                                              static_cast<int>(mail.attachments.size()) - kMostAttachments)));
    m_attachmentsBox->setVisible(!mail.attachments.isEmpty());
}

void MailReader::showMessage(const QByteArray& bytes, bool isTruncated) {
    ReadMail mail = mime::read(bytes);
    if (isTruncated && !mail.attachments.isEmpty())
        mail.attachments.removeLast(); // its end is missing
    showHeaders(mail);
    m_text->setPlainText(mail.text.trimmed().isEmpty() ? tr("This message has no text.") : safeBody(mail.text, mime::kMostText));
    m_source->setPlainText(safeBody(mime::textOf(bytes.left(kMostSource), "utf-8"), kMostSource));
    const QString notes = notesOf(mail, isTruncated);
    m_notes->setText(notes);
    m_notes->setVisible(!notes.isEmpty());
    showAttachments(mail);
}

void MailReader::showTrouble(const QString& words) {
    showHeaders({});
    m_text->setPlainText(words);
    m_source->clear();
    m_notes->hide();
    showAttachments({});
}

} // namespace postern::window
