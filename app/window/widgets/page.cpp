// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/widgets/page.h"

#include "window/theme/line_icon.h"
#include "window/theme/theme.h"
#include "window/widgets/labels.h"

#include <QAbstractItemView>
#include <QHBoxLayout>
#include <QMenu>
#include <QPainter>
#include <QVBoxLayout>

namespace postern::window {
namespace {

// An icon that follows the palette.
class DimIcon final : public QWidget {
  public:
    DimIcon(QString name, QWidget* parent) : QWidget(parent), m_name(std::move(name)) { setFixedSize(32, 32); }

  protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        paintLineIcon(painter, rect(), m_name, theme::roles().textDim);
    }

  private:
    QString m_name;
};

} // namespace

void offerActions(QAbstractItemView* view, const Page* page) {
    view->setContextMenuPolicy(Qt::CustomContextMenu);
    QObject::connect(view, &QWidget::customContextMenuRequested, page, [view, page](const QPoint& at) {
        if (!view->selectionModel()->hasSelection())
            return;
        auto* menu = new QMenu(view);
        menu->setObjectName(QStringLiteral("rowMenu"));
        menu->setAttribute(Qt::WA_DeleteOnClose);
        menu->addActions(page->actions());
        // The menu key asks at some point of the view: the row it means is the current one.
        const bool isOnRow = view->indexAt(at).isValid();
        menu->popup(view->viewport()->mapToGlobal(isOnRow ? at : view->visualRect(view->currentIndex()).center()));
    });
}

PageHeader::PageHeader(const QString& title, QWidget* parent) : QWidget(parent) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    auto* words = new QVBoxLayout;
    words->setSpacing(2);
    m_title = new ElidedLabel(LabelKind::Title);
    m_title->setFullText(title);
    m_line = new ElidedLabel(LabelKind::Dim);
    words->addWidget(m_title);
    words->addWidget(m_line);
    row->addLayout(words, 1);
    m_end = new QHBoxLayout;
    m_end->setSpacing(8);
    row->addLayout(m_end);
}

void PageHeader::setTitle(const QString& title) {
    m_title->setFullText(title);
}

void PageHeader::setLine(const QString& line) {
    m_line->setFullText(line);
}

EmptyState::EmptyState(const QString& icon, const QString& sentence, QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(20, 20, 20, 20);
    column->setSpacing(8);
    column->addStretch(1);
    column->addWidget(new DimIcon(icon, this), 0, Qt::AlignHCenter);
    m_sentence = makeLabel(LabelKind::Section, sentence);
    m_sentence->setAlignment(Qt::AlignCenter);
    m_sentence->setWordWrap(true);
    m_detail = makeLabel(LabelKind::Dim);
    m_detail->setAlignment(Qt::AlignCenter);
    m_detail->setWordWrap(true);
    m_detail->hide();
    m_below = new QVBoxLayout;
    m_below->setSpacing(8);
    column->addWidget(m_sentence);
    column->addWidget(m_detail);
    column->addLayout(m_below);
    column->addStretch(2);
}

void EmptyState::setSentence(const QString& sentence) {
    m_sentence->setText(sentence);
}

void EmptyState::setDetail(const QString& detail) {
    m_detail->setText(detail);
    m_detail->setVisible(!detail.isEmpty());
}

} // namespace postern::window
