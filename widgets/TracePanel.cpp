#include "widgets/TracePanel.h"

#include "widgets/CaptionLabel.h"

#include <QApplication>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPlainTextEdit>
#include <QToolButton>
#include <QVBoxLayout>

namespace tagalign::widgets {

namespace {

constexpr int kExchangeHeight = 25 * kGrid;

QLabel* addText(QVBoxLayout* column, const QString& text)
{
    auto* label = new QLabel(text, column->parentWidget());
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setMinimumWidth(1); // a long word must not widen the panel
    column->addWidget(label);
    return label;
}

QLabel* addQuietText(QVBoxLayout* column, const QString& text)
{
    QLabel* label = addText(column, text);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

void addHeading(QVBoxLayout* column, const QString& text)
{
    column->addSpacing(kGrid);
    QLabel* label = addText(column, text);
    QFont font = label->font();
    font.setBold(true);
    label->setFont(font);
}

QPixmap stateShape(TagState state, const QWidget* place)
{
    constexpr int kSize = 2 * kGrid;
    QPixmap shape(QSize(kSize, kSize) * place->devicePixelRatioF());
    shape.setDevicePixelRatio(place->devicePixelRatioF());
    shape.fill(Qt::transparent);
    QPainter painter(&shape);
    drawStateShape(painter, QRectF(0, 0, kSize, kSize), state, place->palette());
    return shape;
}

} // namespace

TracePanel::TracePanel(QWidget* parent)
    : QScrollArea(parent)
{
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::TabFocus);
    setMinimumWidth(25 * kGrid);
    setAccessibleName(tr("Trace of the tag"));
}

QSize TracePanel::sizeHint() const
{
    return {42 * kGrid, 60 * kGrid};
}

void TracePanel::setHint(const QString& hint)
{
    QVBoxLayout* column = newContent();
    addQuietText(column, hint);
    column->addStretch();
}

void TracePanel::setTrace(const Trace& trace)
{
    QVBoxLayout* column = newContent();
    addText(column, trace.tag)->setFont(headingFont(this));
    addQuietText(column, trace.kind);
    QString parser;
    for (const TraceReading& reading : trace.readings) {
        if (reading.parser != parser) {
            parser = reading.parser;
            addHeading(column, tr("Read by %1").arg(parser));
        }
        addReading(column, reading);
    }
    addHeading(column, tr("Agreement"));
    for (const QString& sentence : trace.agreement) {
        addText(column, sentence);
    }
    addHeading(column, tr("Verdicts"));
    for (const TraceDecision& decision : trace.decisions) {
        addDecision(column, decision);
    }
    if (trace.decisions.isEmpty()) {
        addQuietText(column, tr("Nobody has judged this tag yet."));
    }
    column->addStretch();
}

QVBoxLayout* TracePanel::newContent()
{
    auto* content = new QWidget(this);
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(2 * kGrid, 2 * kGrid, 2 * kGrid, 2 * kGrid);
    column->setSpacing(kGrid);
    setWidget(content); // the old one goes
    return column;
}

void TracePanel::addReading(QVBoxLayout* column, const TraceReading& reading)
{
    auto* caption = new CaptionLabel(column->parentWidget());
    caption->setMinimumWidth(1);
    caption->setCaption(reading.caption, reading.start, reading.length);
    column->addWidget(caption);
    // Rounded to no decimal a very sure parser would seem to be certain.
    const QString percent = locale().toString(reading.probability * 100.0, 'f', 1);
    const QStringList facts = QStringList{tr("probability %1 %").arg(percent)} + reading.notes;
    addQuietText(column, facts.join(QStringLiteral(" · ")));
    if (!reading.exchange.isEmpty()) {
        addExchange(column, reading.exchange);
    }
}

void TracePanel::addExchange(QVBoxLayout* column, const QString& exchange)
{
    auto* fold = new QToolButton(column->parentWidget());
    fold->setText(tr("Prompt and answer"));
    fold->setToolTip(tr("What the language model was asked and what it wrote, word for word"));
    fold->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    fold->setAutoRaise(true);
    fold->setCheckable(true);
    fold->setFocusPolicy(Qt::TabFocus);
    auto* text = new QPlainTextEdit(exchange, column->parentWidget());
    text->setReadOnly(true);
    text->setTabChangesFocus(true);
    text->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    text->setMinimumSize(1, kExchangeHeight);
    text->setAccessibleName(fold->text());
    const auto show = [this, fold, text](bool isUnfolded) {
        m_isUnfolded = isUnfolded;
        fold->setArrowType(isUnfolded ? Qt::DownArrow : Qt::RightArrow);
        text->setVisible(isUnfolded);
    };
    fold->setChecked(m_isUnfolded);
    show(m_isUnfolded);
    connect(fold, &QToolButton::toggled, this, show);
    column->addWidget(fold);
    column->addWidget(text);
}

void TracePanel::addDecision(QVBoxLayout* column, const TraceDecision& decision)
{
    auto* shape = new QLabel(column->parentWidget());
    shape->setPixmap(stateShape(decision.state, this));
    auto* text = new QLabel(decision.text, column->parentWidget());
    text->setTextFormat(Qt::PlainText);
    text->setWordWrap(true);
    text->setMinimumWidth(1);
    QFont font = text->font();
    font.setStrikeOut(decision.isOver);
    text->setFont(font);
    auto* row = new QHBoxLayout;
    row->addWidget(shape, 0, Qt::AlignTop);
    row->addWidget(text, 1);
    column->addLayout(row);
}

/// Letters typed into a text to read are no verdicts.
void TracePanel::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape) {
        Q_EMIT left();
    } else if (qobject_cast<QPlainTextEdit*>(QApplication::focusWidget()) == nullptr) {
        QScrollArea::keyPressEvent(event);
    }
}

} // namespace tagalign::widgets
