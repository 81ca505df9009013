# mmcomp run configs/jigsaw/recipe_released.py --work-dir work_dirs/jigsaw
# recipe.py, judged by the answers of the test set that were released after the end: test_private_expanded.csv.
_base_ = ['recipe.py']
title = 'Jigsaw toxicity: judged by the released answers'
stages = dict(
    released=dict(type='PrepareJigsaw', table='data/jigsaw/test_private_expanded.csv'),
    bert_alone=dict(type='Ensemble', tables=['@bert_0_test'], columns=['target']),
    score_test=dict(type='Score', truth='@released.truth', metric='bias_auc', steps={
        'one BERT': '@bert_alone', '5 BERTs': '@bert', 'with GPT-2 and LSTMs, published weights': '@published',
        'powers of 3.5': '@power', 'ranks': '@ranks', 'searched weights': '@searched'}))
