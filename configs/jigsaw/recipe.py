# mmcomp run configs/jigsaw/recipe.py
# From train.csv to submission.csv: 5 BERT, 3 GPT-2, 2 LSTMs of the first kind, 5 of the second, epochs weighed 2^e.
# Score: 0.94466 private as published. Hardware: one GPU of 16 GB; some 8 days of it, most for BERT and GPT-2.
# Data: the competition's files in data/jigsaw. Weights and word vectors: see README.md. Not run here at full size.
# Published otherwise: no held-out rows, weights by hand. Here each model holds back a fold, for a search of weights.
title = 'Jigsaw toxicity: from comments to a submission'
custom_imports = dict(imports=['mmcomp.recipes.stages.jigsaw'])
train_csv, test_csv = 'data/jigsaw/train.csv', 'data/jigsaw/test.csv'
# Seeds as published; member N of a family holds back fold N of 19, about as many rows as the test set has.
seeds = dict(bert=[1234, 667, 333, 167, 13], gpt2=[1234, 667, 333], lstm1=[0, 1], lstm2=[1, 2, 3, 4, 5])
# How many checkpoints count, the last the most: half epochs of BERT and GPT-2, epochs of the LSTMs.
checkpoints = dict(bert=1, gpt2=1, lstm1=6, lstm2=5)
main = dict(bert='target', gpt2='target', lstm1='target', lstm2='toxic')
stages = dict(
    lists=dict(type='PrepareJigsaw', table=train_csv),
    split=dict(type='Split', ann='@lists.all', folds=19, fold='{fold}', group_list='@lists.groups',
               matrix=dict(fold=[0, 1, 2, 3, 4])),
    lstm1_words=dict(type='FitVocabulary', config='lstm1.py', also=[test_csv]),
    lstm2_words=dict(type='FitVocabulary', config='lstm2.py', also=[test_csv], max_features=410047))
for family, numbers in seeds.items():
    keep = dict(checkpoint=dict(max_keep_ckpts=checkpoints[family]))
    words = dict(model=dict(backbone=dict(vocab=f'@{family}_words')), **{
        f'{loader}_dataloader': dict(dataset=dict(tokenizer=dict(vocab=f'@{family}_words')))
        for loader in ('train', 'val', 'test')}) if family.startswith('lstm') else {}
    own, last = [], dict(checkpoints=checkpoints[family], weights='exp2')
    for fold, seed in enumerate(numbers):
        name = f'{family}_{fold}'
        own.append(f'@{name}_test')
        stages |= {
            name: dict(type='Train', config=f'{family}.py', ann=f'@split[fold={fold}].train', seed=seed,
                       options=dict(default_hooks=keep, **words)),
            f'{name}_held': dict(type='Predict', model=f'@{name}', ann=f'@split[fold={fold}].val', options=dict(
                test_dataloader=dict(dataset=dict(ann_file='train.csv'))), **last),
            f'{name}_test': dict(type='Predict', model=f'@{name}', **last)}
    held = [f'@{family}_{fold}_held' for fold in range(len(numbers))]
    columns = dict(target=main[family])
    stages |= {
        family: dict(type='Ensemble', tables=own, columns=columns),
        # A row that several members held back is their mean; each holds back another fold.
        f'{family}_oof': dict(type='Ensemble', tables=held, partial=True, columns=columns)}
members = [f'@{family}' for family in seeds]
stages |= dict(
    published=dict(type='Ensemble', tables=members, weights=[4, 2, 0.75, 0.75]),
    power=dict(type='Ensemble', tables=members, weights=[4, 2, 0.75, 0.75], method='power', power=3.5),
    ranks=dict(type='Ensemble', tables=members, weights=[4, 2, 0.75, 0.75], method='rank'),
    # On rows that all families held back; inside the noise the weights are equal.
    shares=dict(type='Weigh', tables=[f'{member}_oof' for member in members], ann='@lists.truth', partial=True,
                group_list='@lists.groups', search='coordinate', metric='bias_auc'),
    searched=dict(type='Ensemble', tables=members, shares='@shares'),
    submission=dict(type='SubmitScores', predictions='@published', sample='data/jigsaw/sample_submission.csv'),
    blend_oof=dict(type='Ensemble', tables=[f'{member}_oof' for member in members], weights=[4, 2, 0.75, 0.75],
                   partial=True),
    score=dict(type='Score', truth='@lists.truth', metric='bias_auc', partial=True, steps={
        'BERT': '@bert_oof', 'GPT-2': '@gpt2_oof', 'first LSTM': '@lstm1_oof', 'second LSTM': '@lstm2_oof',
        'all, published weights': '@blend_oof'}))
