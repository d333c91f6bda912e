// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/message/save_message.h"

#include "window/link/content_fetch.h"
#include "window/words/file_name.h"

#include <QCoreApplication>
#include <QFileDialog>
#include <QMessageBox>
#include <QSaveFile>
#include <QStandardPaths>

using namespace Qt::StringLiterals;

namespace postern::window {
namespace {

constexpr qint64 kMostSaved = 64LL << 20; // octets; it is in memory meanwhile

struct Words {
    Q_DECLARE_TR_FUNCTIONS(Save)
};

} // namespace

void tellTrouble(QWidget* parent, const QString& what, const QString& why) {
    auto* box = new QMessageBox(QMessageBox::Warning, parent->window()->windowTitle(), what, QMessageBox::Close, parent);
    box->setTextFormat(Qt::PlainText);
    box->setInformativeText(why);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->open();
}

void saveBytes(QWidget* parent, const QString& suggestion, const QString& fallback, const QByteArray& bytes) {
    auto* dialog = new QFileDialog(parent, Words::tr("Save as"));
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setFileMode(QFileDialog::AnyFile);
    dialog->setDirectory(QStandardPaths::writableLocation(QStandardPaths::DownloadLocation));
    dialog->selectFile(safeFileName(suggestion, fallback));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, [parent, bytes](const QString& path) {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
            tellTrouble(parent, Words::tr("The file could not be saved"), file.errorString());
    });
    dialog->open();
}

void saveMessage(QWidget* parent, GatewayLink& link, const QString& envelopeId, const QString& subject) {
    fetchContent(link, envelopeId, kMostSaved, parent, [parent, subject](const FetchedContent& content) {
        if (!content.error.isEmpty() || content.isTruncated()) {
            tellTrouble(parent, Words::tr("The message could not be read"),
                        content.error.isEmpty() ? Words::tr("It is too large to be saved from here.") : content.error);
            return;
        }
        QString name = subject;
        name.replace(u'/', u'-').replace(u'\\', u'-');
        saveBytes(parent, name.trimmed() + u".eml"_s, Words::tr("message") + u".eml"_s, content.bytes);
    });
}

} // namespace postern::window
